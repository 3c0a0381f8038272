import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { asEventId, type EventId, type TenantId } from '../common/ids.js';
import { ACTION_EVENTS, type ActionEvent } from '../dispatch/action-event.collection.js';
import { Database } from '../storage/database.js';

const PAGE_SIZE = 2_000;

/** Takes the personal data out of events. What an event has still to deliver is not delivered. */
@Injectable()
export class EventErasure {
  private readonly events: Collection<ActionEvent>;

  constructor(private readonly database: Database) {
    this.events = database.collection(ACTION_EVENTS);
  }

  /** Answers with how many there were. */
  async scrub(ids: readonly EventId[]): Promise<number> {
    if (ids.length === 0) return 0;
    const events = await this.events.find({ _id: { $in: [...ids] }, erasedAt: { $exists: false } }).toArray();
    const erasedAt = new Date();
    const updates = events.map(({ _id, deliveries, repeats }) => ({
      q: { _id },
      u: {
        $set: {
          context: {},
          contextHash: '',
          idempotencyKey: null,
          deliveries: deliveries.map(({ order: _order, ...delivery }) => ({ ...delivery, filterError: null })),
          ...(repeats ? { repeats: { ...repeats, reason: '' } } : {}),
          erasedAt,
        },
        $unset: { fanOutPending: '' },
      },
    }));
    return updates.length === 0 ? 0 : this.database.updateEach(ACTION_EVENTS, updates);
  }

  /**
   * The next events behind one, of all tenants, with those among them that hold the value: no index has the contexts of
   * events, and for the few that no log leads to one would not pay.
   */
  async look(
    { tenantId, field, value }: { tenantId: TenantId; field: string; value: string },
    after: EventId | null,
  ): Promise<{ found: EventId[]; last: EventId | null }> {
    const page = await this.events
      .find({ _id: { $gt: after ?? asEventId('') } })
      .project<Pick<ActionEvent, '_id' | 'tenantId' | 'context'>>({ tenantId: 1, [`context.${field}`]: 1 })
      .sort({ _id: 1 })
      .limit(PAGE_SIZE)
      .toArray();
    const found = page.filter((event) => event.tenantId === tenantId && String(event.context?.[field] ?? '') === value);
    return { found: found.map(({ _id }) => _id), last: page.at(-1)?._id ?? null };
  }
}
