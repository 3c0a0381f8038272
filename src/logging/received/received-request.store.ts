import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { bounded } from '../../common/bounded.js';
import type { LogId, TenantId } from '../../common/ids.js';
import { isRecord } from '../../common/primitives.js';
import { SecretCipher, type SealedBytes } from '../../security/secrets/secret-cipher.js';
import { SecretKeyUnknownError } from '../../security/secrets/secret-key-unknown.error.js';
import { DAY_MS, DEFAULT_RETENTION, daysAfter } from '../../security/tenants/retention.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import { Database } from '../../storage/database.js';
import type { RawRequest } from './raw-request.js';
import { RequestExpiredError } from './request-expired.error.js';
import { RequestUnreadableError } from './request-unreadable.error.js';
import {
  ANSWER_PART,
  bytesOfPart,
  placeOfPart,
  RECEIVED_REQUESTS,
  type ReceivedPart,
} from './received-request.collection.js';

/** Of the 16 MiB that a document may have. */
const PART_BYTES = 8 * 1_048_576;
/** Smaller ones gain little. */
const COMPRESSED_FROM_BYTES = 16 * 1_024;
const BESIDE_DATA_BYTES = 1_024;
const RETENTION_TIMEOUT_MS = 1_000;
const HEAD_END = '\n';

/** What was made of stored requests, and goes with them. */
export interface RequestTraces {
  forget(logIds: readonly LogId[]): Promise<void>;
  /** Has it follow the days that a tenant has set since. */
  follow(tenantId: TenantId, bodyDays: number): Promise<void>;
}

/**
 * Requests that are worked on, or run again, from what was stored of them: whole, as no log may keep them, and so encrypted
 * by the secret keys, wherever they are on their way.
 */
@Injectable()
export class ReceivedRequestStore implements OnModuleInit {
  traces: RequestTraces | null = null;
  private readonly parts: Collection<ReceivedPart>;

  constructor(
    private readonly database: Database,
    private readonly cipher: SecretCipher,
    private readonly tenants: TenantSettings,
  ) {
    this.parts = database.collection(RECEIVED_REQUESTS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(RECEIVED_REQUESTS);
  }

  /** The parts that `insert` takes, at once or after they have been kept elsewhere. */
  async seal(tenantId: TenantId, logId: LogId, request: RawRequest): Promise<ReceivedPart[]> {
    const { body, ...head } = request;
    const isLarge = body.length >= COMPRESSED_FROM_BYTES;
    const packed = isLarge ? await promisify(gzip)(body) : body;
    const chunks = chunksOf(Buffer.from(`${JSON.stringify({ ...head, isLarge })}${HEAD_END}`), packed);
    const { receivedAt } = request;
    const expiresAt = await this.expiryOf(tenantId, receivedAt);
    const all = { logId, tenantId, parts: chunks.length, receivedAt, expiresAt };
    return chunks.map((chunk, part) => this.sealed({ ...all, part }, chunk));
  }

  /** Those that are there already stay as they are. */
  async insert(parts: readonly ReceivedPart[]): Promise<void> {
    await this.database.insertEach(RECEIVED_REQUESTS, parts, ({ data }) => data.length + BESIDE_DATA_BYTES);
  }

  /** Beside the request of a log, for as long as that; in place of one that is there. */
  async keepAnswer(
    { _id: logId, tenantId }: { readonly _id: LogId; readonly tenantId: TenantId },
    receivedAt: Date,
    answer: Buffer,
  ): Promise<void> {
    const expiresAt = await this.expiryOf(tenantId, receivedAt);
    const part = this.sealed({ logId, tenantId, part: ANSWER_PART, parts: 1, receivedAt, expiresAt }, answer);
    const { _id, ...fields } = part;
    const { matchedCount } = await this.parts.updateOne({ _id }, { $set: fields });
    if (matchedCount === 0) await this.insert([part]);
    // The person whom it is about may have been erased meanwhile.
    if (!(await this.has(logId))) await this.forget([logId]);
  }

  /** `null` where none is kept, or it cannot be read. */
  async findAnswer(logId: LogId): Promise<Buffer | null> {
    const part = await this.parts.findOne({ _id: idOfPart(logId, ANSWER_PART) });
    try {
      return part && this.open(part);
    } catch {
      return null;
    }
  }

  /** `null` where it is kept no longer. @throws SecretKeyUnknownError, RequestUnreadableError */
  async find(logId: LogId): Promise<RawRequest | null> {
    const request = { logId, part: { $gt: ANSWER_PART } };
    const parts = await this.parts.find(request).sort({ logId: 1, part: 1 }).hint('by_log').toArray();
    const count = parts[0]?.parts ?? 0;
    if (count === 0 || parts.length < count) return null;
    try {
      return await unpacked(Buffer.concat(parts.slice(0, count).map((part) => this.open(part))));
    } catch (error) {
      throw error instanceof SecretKeyUnknownError ? error : new RequestUnreadableError(logId, error);
    }
  }

  /** The same request for another log. */
  resealed(parts: readonly ReceivedPart[], logId: LogId): ReceivedPart[] {
    return parts.map((part) => ({
      ...part,
      _id: idOfPart(logId, part.part),
      logId,
      ...this.cipher.seal(this.open(part), placeOfPart({ logId, part: part.part })),
    }));
  }

  /** @throws RequestExpiredError, SecretKeyUnknownError, RequestUnreadableError */
  async get(logId: LogId): Promise<RawRequest> {
    const request = await this.find(logId);
    if (!request) throw new RequestExpiredError(logId);
    return request;
  }

  /** @throws RequestExpiredError where it is kept no longer */
  async require(logId: LogId): Promise<void> {
    if (!(await this.has(logId))) throw new RequestExpiredError(logId);
  }

  async forget(logIds: readonly LogId[]): Promise<void> {
    if (logIds.length === 0) return;
    await this.parts.deleteMany({ logId: { $in: [...logIds] } });
    await this.traces?.forget(logIds);
  }

  /** Has what a tenant has stored follow the days that it has set since. */
  async follow(tenantId: TenantId, bodyDays: number): Promise<void> {
    const expiresAt = { $add: ['$receivedAt', bodyDays * DAY_MS] };
    await this.parts.updateMany({ tenantId }, [{ $set: { expiresAt } }]);
    await this.traces?.follow(tenantId, bodyDays);
  }

  private async has(logId: LogId): Promise<boolean> {
    return (await this.parts.findOne({ _id: idOfPart(logId, 0) }, { projection: { _id: 1 } })) !== null;
  }

  private async expiryOf(tenantId: TenantId, receivedAt: Date): Promise<Date> {
    const reading = this.tenants.retentionOf(tenantId);
    const { bodyDays } = await bounded(reading, RETENTION_TIMEOUT_MS, 'Reading how long bodies are kept').catch(
      () => DEFAULT_RETENTION,
    );
    return daysAfter(receivedAt, bodyDays);
  }

  private sealed(part: Omit<ReceivedPart, '_id' | keyof SealedBytes>, bytes: Buffer): ReceivedPart {
    return { _id: idOfPart(part.logId, part.part), ...part, ...this.cipher.seal(bytes, placeOfPart(part)) };
  }

  private open(part: ReceivedPart): Buffer {
    return this.cipher.open(bytesOfPart(part), placeOfPart(part));
  }
}

const idOfPart = (logId: LogId, part: number) => `${logId}-${part}`;

/** Copies that come at the same time may each store some of the parts: all that they differ in is in the first one. */
function chunksOf(head: Buffer, packed: Buffer): Buffer[] {
  if (head.length + packed.length <= PART_BYTES) return [Buffer.concat([head, packed])];
  const count = Math.ceil(packed.length / PART_BYTES);
  const chunks = Array.from({ length: count }, (_, at) => packed.subarray(at * PART_BYTES, (at + 1) * PART_BYTES));
  return [head, ...chunks];
}

async function unpacked(bytes: Buffer): Promise<RawRequest> {
  const end = bytes.indexOf(HEAD_END);
  const head: unknown = JSON.parse(bytes.toString('utf8', 0, end));
  if (!isRecord(head)) throw new TypeError('A stored request has no head');
  const packed = bytes.subarray(end + 1);
  const headers = isRecord(head['headers']) ? head['headers'] : {};
  return {
    method: String(head['method']),
    url: String(head['url']),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    clientIp: String(head['clientIp']),
    peerIp: String(head['peerIp']),
    receivedAt: new Date(String(head['receivedAt'])),
    body: head['isLarge'] === true ? await promisify(gunzip)(packed) : packed,
  };
}
