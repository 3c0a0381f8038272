import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../storage/database.js';
import { type AuditEntry, entryIdOf, hashOf, NO_HASH } from './audit-entry.js';
import { AUDIT_ENTRIES } from './audit-entry.collection.js';

/** An entry by its number and its hash, as somebody has kept it outside of the database. */
export interface KnownEntry {
  readonly seq: number;
  readonly hash: string;
}

export interface VerifiedChain {
  readonly chain: string;
  /** Its last entry. */
  readonly head: KnownEntry;
  /** What is wrong with the first entry that is; `null` where nothing is. */
  readonly fault: string | null;
}

export interface VerificationOptions {
  /** Entries that each chain must have: without them a chain whose end was cut off looks whole. */
  readonly expected?: ReadonlyMap<string, KnownEntry>;
  readonly onProgress?: (entries: number) => void;
}

const BATCH_SIZE = 1_000;
const PROGRESS_EVERY = 10_000;

interface Walk {
  readonly chain: string;
  head: KnownEntry;
  fault: string | null;
}

const startOf = (chain: string): Walk => ({ chain, head: { seq: 0, hash: NO_HASH }, fault: null });

/** Walks every chain of the audit log from its first entry to its last. */
@Injectable()
export class AuditVerification {
  private readonly entries: Collection<AuditEntry>;

  constructor(database: Database) {
    this.entries = database.collection(AUDIT_ENTRIES);
  }

  /** One chain after the other, holding a batch of entries at a time. */
  async *chains({ expected = new Map(), onProgress }: VerificationOptions = {}): AsyncGenerator<VerifiedChain> {
    const unseen = new Map(expected);
    let walk: Walk | null = null;
    let count = 0;
    for await (const entry of this.entries.find().sort({ _id: 1 }).hint('_id_').batchSize(BATCH_SIZE)) {
      const chain = chainInId(entry._id);
      if (walk?.chain !== chain) {
        if (walk) yield ended(walk, expected.get(walk.chain));
        walk = startOf(chain);
        unseen.delete(chain);
      }
      walk.fault ??= faultOf(entry, walk, expected.get(chain));
      walk.head = { seq: entry.seq, hash: entry.hash };
      count += 1;
      if (count % PROGRESS_EVERY === 0) onProgress?.(count);
    }
    if (walk) yield ended(walk, expected.get(walk.chain));
    for (const [chain, known] of unseen) yield ended(startOf(chain), known);
  }
}

const chainInId = (id: unknown) => String(id).replace(/:\d+$/, '');

function faultOf(entry: AuditEntry, { chain, head }: Walk, known: KnownEntry | undefined): string | null {
  const { _id, seq, hash, previousHash } = entry;
  const next = head.seq + 1;
  if (_id !== entryIdOf(chain, seq) || entry.chain !== chain)
    return `${_id} was changed, or inserted: its place is not what it says`;
  if (seq !== next) return `${removed(next, seq - 1)} before entry ${seq}`;
  if (!fits(entry)) return `entry ${seq} was changed: its content has another hash`;
  if (previousHash !== head.hash) return `entry ${seq} does not follow on entry ${head.seq}: one of them was replaced`;
  if (known?.seq === seq && known.hash !== hash)
    return `entry ${seq} is not the one that was expected: it, or one before it, was replaced`;
  return null;
}

/** Not even canonical JSON can be made of some things that can be written into a database. */
function fits(entry: AuditEntry): boolean {
  try {
    return hashOf(entry) === entry.hash;
  } catch {
    return false;
  }
}

const removed = (first: number, last: number) =>
  first === last ? `entry ${first} was removed` : `entries ${first} to ${last} were removed`;

function ended({ chain, head, fault }: Walk, known: KnownEntry | undefined): VerifiedChain {
  const cutOff = known && known.seq > head.seq ? `${removed(head.seq + 1, known.seq)} at its end` : null;
  return { chain, head, fault: fault ?? cutOff };
}
