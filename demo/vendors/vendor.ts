import type { Lab } from '../lab/labs.js';
import type { BodyFormat } from './body-readers.js';
import type { CredentialKind } from './credential.js';

/** A call as a vendor's habit sees it. */
export interface VendorCall {
  /** Identifies the delivery: the same on every try. */
  readonly webhookId: string;
  readonly path: string;
  readonly body: unknown;
  /** 1 where this webhook-id was never seen before. */
  readonly tryNumber: number;
  /** How many different webhook-ids came before this one. */
  readonly position: number;
}

export type VendorAnswer =
  | { readonly kind: 'accept'; readonly body?: unknown }
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends without an answer. */
  | { readonly kind: 'hang-up' };

/** An integration as a lab enters it by `POST /v1/integrations`; the vendor's address and credential are filled in. */
export interface IntegrationDraft {
  readonly actionId: number;
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly enabled?: boolean;
  readonly filter?: string;
  readonly mapping?: string;
  readonly attachments?: readonly { readonly field: string; readonly provider: string }[];
  readonly successRule?: { readonly statuses?: readonly string[]; readonly expression?: string };
}

/** Somebody whom the lab sends to: what they are like, and what a lab configures to reach them. */
export interface Vendor {
  readonly name: string;
  readonly labs: readonly Lab[];
  /** `null`: it asks for none. */
  readonly credentials: CredentialKind | null;
  /** The only one it takes; `json` where it is left out. */
  readonly format?: BodyFormat;
  readonly integrations: readonly IntegrationDraft[];
  answer(call: VendorCall): VendorAnswer;
}

/** Reads a field of a body that may be anything: `undefined` where the path leads nowhere. */
export function valueAt(body: unknown, ...path: readonly (string | number)[]): unknown {
  let value = body;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
