import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { TenantId } from '../common/ids.js';
import type { Primitive } from '../common/primitives.js';

/** Who acts: the holder of an API key, or whoever runs a command on a machine of the operator. */
interface AuditActor {
  readonly kind: 'key' | 'command';
  /** The id of the API key, or the name of the command. */
  readonly id: string;
  /** Whose key it is, or who runs the command. */
  readonly name: string;
}

interface AuditSubject {
  /** `integration`, `log`, `tenant`, ... */
  readonly type: string;
  /** `null` where it is not known before the act, such as the id of what is created. */
  readonly id: string | null;
}

type AuditDetails = Readonly<Record<string, Primitive | readonly string[]>>;

/** Something that a person does. Nothing of it may be a secret, or personal data of a patient. */
export interface AuditAct {
  /** Whose audit log it belongs to; `null`: that of the platform. */
  readonly tenantId: TenantId | null;
  readonly who: AuditActor;
  /** The address it was asked from: an IP address, or the name of the machine that a command runs on. */
  readonly from: string | null;
  /** What is done, as `<type of the subject>.<verb>`: `integration.pause`. */
  readonly what: string;
  readonly subject: AuditSubject;
  /** The reason that the person gave. */
  readonly why?: string | null;
  /** Ids, counts, and the names of fields; never their values. */
  readonly details?: AuditDetails;
}

/** The platform's chain; no tenant has such an id. */
const PLATFORM_CHAIN = '(platform)';
/** 12 digits: one entry in each millisecond for 31 years. */
const SEQ_DIGITS = 12;
/** What the first entry of a chain follows on. */
export const NO_HASH = '0'.repeat(64);

/** An act as it is kept. The entries of a chain are numbered from 1 without a gap, and each holds the hash of the one before. */
export interface AuditEntry {
  /** `<chain>:<seq, in 12 digits>`, so that of two entries with the same number one cannot be inserted. */
  _id: string;
  /** The tenant's id, or `(platform)`. */
  chain: string;
  seq: number;
  /** Never earlier than that of the entry before. */
  at: Date;
  who: AuditActor;
  from: string | null;
  what: string;
  subject: AuditSubject;
  why: string | null;
  details: AuditDetails;
  correlationId: string | null;
  previousHash: string;
  hash: string;
}

/** The place in its chain that an entry is appended after. */
export type AuditHead = Pick<AuditEntry, 'seq' | 'at' | 'hash'>;

export const chainOf = (tenantId: TenantId | null): string => tenantId ?? PLATFORM_CHAIN;

export const entryIdOf = (chain: string, seq: number) => `${chain}:${String(seq).padStart(SEQ_DIGITS, '0')}`;

/** The ids of a chain's entries: `;` comes right after `:`. */
export const entryIdsOf = (chain: string) => ({ $gte: `${chain}:`, $lt: `${chain};` });

/**
 * SHA-256, in hex, over all of the entry but its `_id` and `hash`, as canonical JSON (RFC 8785): whoever has the entry can
 * compute it without Waybill.
 */
export function hashOf({ _id, hash: _hash, ...hashed }: Omit<AuditEntry, 'hash'> & { readonly hash?: string }): string {
  return createHash('sha256')
    .update(canonicalize(hashed) ?? '')
    .digest('hex');
}

/** Canonical JSON refuses half a surrogate pair, which a person's reason may hold, and the database would change it. */
const wellFormed = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_name, inner: unknown) =>
    typeof inner === 'string' ? Buffer.from(inner).toString() : inner,
  );

/** The entry of an act that follows on the head of its chain; `null`: the chain's first. */
export function entryAfter(head: AuditHead | null, act: AuditAct, correlationId: string | null): AuditEntry {
  const { tenantId, who, from, what, subject, why = null, details = {} } = act;
  const chain = chainOf(tenantId);
  const seq = (head?.seq ?? 0) + 1;
  const entry = {
    _id: entryIdOf(chain, seq),
    chain,
    seq,
    at: new Date(Math.max(Date.now(), head?.at.getTime() ?? 0)),
    ...wellFormed({ who, from, what, subject, why, details, correlationId }),
    previousHash: head?.hash ?? NO_HASH,
  };
  return { ...entry, hash: hashOf(entry) };
}
