import { Injectable } from '@nestjs/common';
import type { LogId, TenantId } from '../../common/ids.js';
import { daysAfter, type Retention, startOfDay } from '../../security/tenants/retention.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import type { Attempt, CapturedBody, CapturedRequest, CapturedResponse } from '../integration-log.js';
import type { Execution, LogEntry } from '../log-entry.js';
import { compressedTextOf, isKeptApart, payloadIdOf, payloadIdsOf } from './payload-text.js';
import { type NewPayload, PayloadStore } from './payload.store.js';

/** Whose body it is. */
interface Owner {
  readonly tenantId: TenantId;
  readonly logId: LogId;
}

/** Takes long bodies out of log entries, and keeps them before the entries themselves are written. */
@Injectable()
export class BodiesApart {
  constructor(
    private readonly payloads: PayloadStore,
    private readonly settings: TenantSettings,
  ) {}

  /** The entries with a reference in the place of each long text; all that they refer to is stored. */
  async take(entries: readonly LogEntry[]): Promise<readonly LogEntry[]> {
    const large = entries.filter((entry) => bodiesOf(attemptOf(entry)).some(isKeptApart));
    if (large.length === 0) return entries;
    const retentions = await this.retentionsOf(large);
    const taken: NewPayload[] = [];
    const apart = new Map(
      large.map((entry) => {
        const owner = ownerOf(entry);
        const expiresAt = expiryOf(retentions.get(owner.tenantId));
        return [entry, withoutBodies(entry, (body) => referTo(body, owner, expiresAt, taken))];
      }),
    );
    await this.payloads.keep(taken);
    return entries.map((entry) => apart.get(entry) ?? entry);
  }

  /** Deletes what only these tries have, which came too late. */
  async forget(tries: readonly Pick<Execution, 'logId' | 'attempt'>[]): Promise<void> {
    const ids = tries.flatMap(({ attempt }) => payloadIdsOf(attempt));
    if (ids.length > 0)
      await this.payloads.deleteOwn(
        ids,
        tries.map(({ logId }) => logId),
      );
  }

  private async retentionsOf(entries: readonly LogEntry[]): Promise<Map<TenantId, Retention>> {
    const tenants = [...new Set(entries.map((entry) => ownerOf(entry).tenantId))];
    return new Map(await Promise.all(tenants.map(async (id) => [id, await this.settings.retentionOf(id)] as const)));
  }
}

const attemptOf = (entry: LogEntry): Attempt | null =>
  entry.kind === 'executed' ? entry.execution.attempt : entry.log.firstAttempt;

const ownerOf = (entry: LogEntry): Owner =>
  entry.kind === 'executed' ? entry.execution : { tenantId: entry.log.tenantId, logId: entry.log._id };

const bodiesOf = (attempt: Attempt | null): (CapturedBody | null)[] => [
  attempt?.request?.body ?? null,
  attempt?.response?.body ?? null,
];

/** The same for a whole day, so that a text that many logs have is not written for each of them. */
function expiryOf(retention: Retention | undefined): { usedAt: Date; expiresAt: Date } {
  const usedAt = startOfDay(new Date());
  return { usedAt, expiresAt: daysAfter(usedAt, (retention?.bodyDays ?? 0) + 1) };
}

function referTo(
  body: CapturedBody,
  { tenantId, logId }: Owner,
  times: Pick<NewPayload, 'usedAt' | 'expiresAt'>,
  taken: NewPayload[],
): CapturedBody {
  if (!isKeptApart(body)) return body;
  const _id = payloadIdOf(tenantId, body.text);
  const sizeBytes = Buffer.byteLength(body.text);
  taken.push({ _id, tenantId, logId, sizeBytes, ...times, gzip: () => compressedTextOf(body) });
  return { ...body, text: null, payload: { id: _id, expiresAt: times.expiresAt } };
}

type Refer = (body: CapturedBody) => CapturedBody;

function withoutBodies(entry: LogEntry, refer: Refer): LogEntry {
  if (entry.kind === 'executed') {
    const { execution } = entry;
    return { kind: 'executed', execution: { ...execution, attempt: attemptWithout(execution.attempt, refer) } };
  }
  const { firstAttempt } = entry.log;
  return { ...entry, log: { ...entry.log, firstAttempt: firstAttempt && attemptWithout(firstAttempt, refer) } };
}

const attemptWithout = (attempt: Attempt, refer: Refer): Attempt => ({
  ...attempt,
  request: mapBody(attempt.request, refer),
  response: mapBody(attempt.response, refer),
});

export function mapBody<T extends CapturedRequest | CapturedResponse>(captured: T | null, map: Refer): T | null {
  return captured?.body ? { ...captured, body: map(captured.body) } : captured;
}
