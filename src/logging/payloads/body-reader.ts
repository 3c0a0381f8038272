import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { daysAfter, type Retention } from '../../security/tenants/retention.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import type { Attempt, CapturedBody } from '../integration-log.js';
import { mapBody } from './bodies-apart.js';
import { PayloadStore } from './payload.store.js';

/** Of texts that are kept apart, one log is shown with so many at the most; those of its latest tries come first. */
const MAX_SHOWN_BYTES = 32 * 1_048_576;

/** Puts the texts that are kept apart back into tries, and leaves out what is past its time. */
@Injectable()
export class BodyReader {
  constructor(
    private readonly payloads: PayloadStore,
    private readonly settings: TenantSettings,
  ) {}

  async restore<T extends Attempt>(tenantId: TenantId, attempts: readonly T[]): Promise<T[]> {
    const retention = await this.settings.retentionOf(tenantId);
    const current = attempts.map((attempt) => mapBodies(attempt, (body) => unexpired(body, attempt, retention)));
    const texts = await this.textsOf(current);
    return current.map((attempt) => mapBodies(attempt, (body) => filled(body, texts)));
  }

  private async textsOf(attempts: readonly Attempt[]): Promise<Map<string, Shown>> {
    const ids = attempts
      .toReversed()
      .flatMap(({ request, response }) =>
        [request?.body?.payload, response?.body?.payload].flatMap((payload) => (payload ? [payload.id] : [])),
      );
    const texts = new Map<string, Shown>();
    if (ids.length === 0) return texts;
    const sizes = await this.payloads.sizesOf(ids);
    let roomBytes = MAX_SHOWN_BYTES;
    for (const id of new Set(ids)) {
      const sizeBytes = sizes.get(id);
      if (sizeBytes !== undefined && sizeBytes > roomBytes) {
        texts.set(id, 'too large');
        continue;
      }
      const text = sizeBytes === undefined ? null : await this.payloads.read(id);
      if (text === null) continue;
      roomBytes -= sizeBytes ?? 0;
      texts.set(id, { text });
    }
    return texts;
  }
}

type Shown = { readonly text: string } | 'too large';

function mapBodies<T extends Attempt>(attempt: T, map: (body: CapturedBody) => CapturedBody): T {
  return { ...attempt, request: mapBody(attempt.request, map), response: mapBody(attempt.response, map) };
}

/** What is past its time is not shown, even where it has still to be removed or another log keeps it. */
function unexpired(body: CapturedBody, { startedAt }: Attempt, { bodyDays }: Retention): CapturedBody {
  const expiresAt = daysAfter(startedAt, bodyDays);
  if (body.removedAt || expiresAt > new Date() || (body.text === null && !body.payload)) return body;
  return removed(body, expiresAt);
}

function filled(body: CapturedBody, texts: ReadonlyMap<string, Shown>): CapturedBody {
  if (!body.payload) return body;
  const shown = texts.get(body.payload.id);
  if (shown === undefined) return removed(body, new Date(Math.min(Date.now(), body.payload.expiresAt.getTime())));
  const { payload: _payload, ...rest } = body;
  return shown === 'too large' ? { ...rest, leftOut: true } : { ...rest, text: shown.text };
}

function removed({ payload: _payload, ...body }: CapturedBody, removedAt: Date): CapturedBody {
  return { ...body, text: null, removedAt };
}
