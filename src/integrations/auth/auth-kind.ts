import type { ClassConstructor } from 'class-transformer';
import type { FieldFault } from '../../common/field-fault.js';
import type { OutboundRequest, OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
import type { OutgoingBody } from '../../security/outbound-http/segmented-body.js';
import type { IssueToken } from '../../security/tokens/shared-tokens.js';

/** The call as it was composed. An authentication adds to `headers` and to the query of `url`, and changes nothing else. */
export interface AuthenticableRequest {
  /** The delivery's id, the same on every try. */
  readonly id: string;
  readonly method: string;
  readonly url: URL;
  /** By names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: OutgoingBody | null;
}

/** What may be read back of an authentication: JSON. */
export type AuthSettings = Readonly<Record<string, unknown>>;

/** What a person entered, split into what may be read back and what is encrypted. */
export interface SplitAuth<Settings extends AuthSettings = AuthSettings> {
  readonly settings: Settings;
  /** `null`: nothing is added to a request. Several parts are one JSON text. */
  readonly secret: string | null;
}

interface Credentials<Settings extends AuthSettings = AuthSettings> {
  readonly settings: Settings;
  readonly secret: string;
}

/** What a kind can use whose credentials are exchanged for a token first. */
export interface TokenDesk {
  /** The current token of these credentials, shared by all processes; `issue` gets one where there is none. */
  token(issue: IssueToken): Promise<string>;
  /**
   * Calls a token or login endpoint: guarded, and bounded in time and size.
   * @throws TokenRequestError, or OutboundRequestError where the address must not be called.
   */
  send(request: Pick<OutboundRequest, 'method' | 'url' | 'headers' | 'body'>): Promise<OutboundResponse>;
}

/** What a kind needs to know of its installation to check what a person entered. */
export interface AuthCheckContext {
  readonly allowCidrs: readonly string[];
}

/**
 * One way to authenticate at a vendor. A new one is a file like this one's siblings, plus a line in `auth-kinds.ts`;
 * `describeAuthKind` of `waybill/testing` says what each of them must hold to.
 */
export interface AuthKind<Input extends object = object, Settings extends AuthSettings = AuthSettings> {
  readonly kind: string;
  /** The class-validator class of its settings and secrets as the API takes them. */
  readonly input: ClassConstructor<Input>;
  /** What the class cannot tell; fields are named from the kind's own input: `tokenUrl`. */
  check?(input: Input, context: AuthCheckContext): FieldFault[];
  split(input: Input): SplitAuth<Settings>;
  /**
   * Puts the credentials into the request. Answers with every text that no log may keep: the secrets, and what they look
   * like in the request. A second time on the same request it replaces what the first time has put there.
   */
  apply(
    request: AuthenticableRequest,
    credentials: Credentials<Settings>,
    tokens: TokenDesk,
  ): readonly string[] | Promise<readonly string[]>;
}

/** Gives each kind its own input and settings while the registry holds them all. */
export const defineAuthKind = <Input extends object, Settings extends AuthSettings>(
  kind: AuthKind<Input, Settings>,
): AuthKind<Input, Settings> => Object.freeze(kind);
