import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import { currentCallScope } from '../common/call-scope.js';
import { WaybillError } from '../common/waybill.error.js';
import { Database } from '../storage/database.js';
import { isDuplicateKey } from '../storage/mongo-errors.js';
import { type AuditAct, type AuditEntry, type AuditHead, chainOf, entryAfter, entryIdsOf } from './audit-entry.js';
import { AUDIT_ENTRIES } from './audit-entry.collection.js';
import { AuditNotRecordedError } from './audit-not-recorded.error.js';

/** Each time another process was faster, and that process got on: so many in a row are never all lost. */
const MAX_TRIES = 200;
/** Longer than an entry ever takes, and no longer than a person waits. */
const APPEND_TIMEOUT_MS = 2 * DATABASE_TIMEOUT_MS;

interface AroundOptions<T> {
  /** The id of what the act has made, which its entry could not name. */
  readonly madeId?: (result: T) => string;
}

/** The audit log: append-only, with a hash chain for each tenant and one for the platform. */
@Injectable()
export class AuditLog implements OnModuleInit {
  private readonly log = new Logger(AuditLog.name);
  private readonly entries: Collection<AuditEntry>;
  /** The last append of each chain that this process is at. */
  private readonly appending = new Map<string, Promise<unknown>>();

  constructor(private readonly database: Database) {
    this.entries = database.collection(AUDIT_ENTRIES);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(AUDIT_ENTRIES);
  }

  /**
   * Resolves once the entry is stored: do what it tells after that, not before.
   * @throws AuditNotRecordedError: then it must not be done.
   */
  async record(act: AuditAct): Promise<AuditEntry> {
    try {
      return await bounded(this.inTurn(act), APPEND_TIMEOUT_MS, `Recording ${act.what}`);
    } catch (error) {
      throw new AuditNotRecordedError(act.what, error);
    }
  }

  /**
   * Records the act, then does it. Where it is refused or fails, a second entry `<what>.failed` says so with the error's code;
   * where it has made something, `<what>.done` names it. Either names the first by `details.entry`.
   * @throws AuditNotRecordedError, with the act undone, and whatever the act throws.
   */
  async around<T>(act: AuditAct, perform: () => Promise<T>, { madeId }: AroundOptions<T> = {}): Promise<T> {
    const { seq } = await this.record(act);
    const end = (how: 'failed' | 'done', more: Partial<AuditAct>) =>
      this.record({ ...act, ...more, what: `${act.what}.${how}`, details: { ...more.details, entry: seq } }).catch(
        (error: unknown) =>
          this.log.error(`${act.what}: that it has ${how} is not in the audit log: ${causeOf(error)}`),
      );
    let result: T;
    try {
      result = await perform();
    } catch (error) {
      await end('failed', { details: { code: codeOf(error) } });
      throw error;
    }
    if (madeId) await end('done', { subject: { ...act.subject, id: madeId(result) } });
    return result;
  }

  /** One after the other in this process; against other processes the `_id` decides. */
  private inTurn(act: AuditAct): Promise<AuditEntry> {
    const chain = chainOf(act.tenantId);
    const correlationId = currentCallScope()?.correlationId ?? null;
    const before = this.appending.get(chain) ?? Promise.resolve();
    const append = before.catch(() => undefined).then(() => this.append(chain, act, correlationId));
    this.appending.set(chain, append);
    const leave = () => {
      if (this.appending.get(chain) === append) this.appending.delete(chain);
    };
    append.then(leave, leave);
    return append;
  }

  private async append(chain: string, act: AuditAct, correlationId: string | null): Promise<AuditEntry> {
    for (let tries = 1; ; tries += 1) {
      const entry = entryAfter(await this.headOf(chain), act, correlationId);
      try {
        await this.entries.insertOne(entry);
        return entry;
      } catch (error) {
        if (!isDuplicateKey(error) || tries === MAX_TRIES) throw error;
      }
    }
  }

  private async headOf(chain: string): Promise<AuditHead | null> {
    return this.entries.findOne(
      { _id: entryIdsOf(chain) },
      { sort: { _id: -1 }, hint: '_id_', projection: { seq: 1, at: 1, hash: 1 } },
    );
  }
}

/** What is safe to keep of any error: its code. */
const codeOf = (error: unknown) => (error instanceof WaybillError ? error.code : 'INTERNAL');

const causeOf = (error: unknown) =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
