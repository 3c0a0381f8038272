import type { ClassConstructor } from 'class-transformer';
import type { FieldFault } from '../../common/field-fault.js';
import type { KeySets } from './key-sets.js';
import type { RawRequest } from './raw-request.js';

export type Verified =
  | {
      readonly ok: true;
      /** What the scheme itself calls the event, and vouches for: `webhook-id`. An id that is not signed is none. */
      readonly eventId?: string;
    }
  | {
      readonly ok: false;
      /** What was wrong and what was expected, for staff and the vendor's developer only. Never a secret, nor what a signature should have been. */
      readonly reason: string;
      /** The check itself could not be made, such as without the vendor's keys: to be answered 503 and not 401. */
      readonly unavailable?: true;
    };

export const refused = (reason: string): Verified => ({ ok: false, reason });

/** What proves to a vendor that the address is ours. */
export interface ChallengeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where a request carries what would let anybody repeat it; names of headers are in lower case. */
export interface CredentialPlaces {
  readonly headers: readonly string[];
  readonly query: readonly string[];
}

/** How a vendor's developer makes a request that passes. */
export interface WorkedExample {
  /** One sentence for each step. */
  readonly steps: readonly string[];
  /** What the commands read from the environment, and the developer has to set. */
  readonly variables: readonly { readonly name: string; readonly meaning: string }[];
  /** For a POSIX shell with curl and openssl. */
  readonly commands: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** What a person entered, split. Both are JSON. */
export interface SplitVerification<Settings extends JsonObject = JsonObject, Secrets extends JsonObject = JsonObject> {
  /** What may be read back. */
  readonly settings: Settings;
  /** What is encrypted. */
  readonly secrets: Secrets;
}

/** What a scheme needs to know of the source and of its installation to check what a person entered. */
export interface VerificationCheckContext {
  /** Private ranges that Waybill may call. */
  readonly allowCidrs: readonly string[];
  /** The only addresses that the source takes requests from; empty where it takes them from everywhere. */
  readonly allowedAddresses: readonly string[];
}

/** What a scheme can use whose keys are the vendor's to publish. */
export interface VerificationDesk {
  readonly keySets: Pick<KeySets, 'of'>;
}

/**
 * One way to tell that a request comes from the vendor and was not changed. A new one is a file like this one's siblings,
 * plus a line in `verification-schemes.ts`; `describeVerificationScheme` of `waybill/testing` says what each of them must
 * hold to.
 */
export interface VerificationScheme<
  Input extends object = object,
  Settings extends JsonObject = JsonObject,
  Secrets extends JsonObject = JsonObject,
> {
  readonly kind: string;
  /** The class-validator class of its settings and secrets as the API takes them. */
  readonly input: ClassConstructor<Input>;
  /** What the class cannot tell; fields are named from the scheme's own input: `trustedProxies`. */
  check?(input: Input, context: VerificationCheckContext): FieldFault[];
  split(input: Input): SplitVerification<Settings, Secrets>;
  /** Reads the raw body, in the same time wherever a wrong credential differs. Throws for no request whatever. */
  verify(
    request: RawRequest,
    credentials: SplitVerification<Settings, Secrets>,
    desk: VerificationDesk,
  ): Verified | Promise<Verified>;
  /**
   * The answer to a request by which the vendor asks whether the address is ours, `null` for any other. To be asked before
   * `verify`, since such a request is no event; it checks by itself what can be checked.
   */
  challenge?(request: RawRequest, credentials: SplitVerification<Settings, Secrets>): ChallengeAnswer | null;
  credentialPlaces?(settings: Settings): CredentialPlaces;
  example(settings: Settings, url: string): WorkedExample;
}

/** Gives each scheme its own input, settings and secrets while the registry holds them all. */
export const defineVerificationScheme = <Input extends object, Settings extends JsonObject, Secrets extends JsonObject>(
  scheme: VerificationScheme<Input, Settings, Secrets>,
): VerificationScheme<Input, Settings, Secrets> => Object.freeze(scheme);
