import { Injectable, Logger } from '@nestjs/common';
import { ensureCallScope } from '../common/call-scope.js';
import { parseShape } from '../common/parse-shape.js';
import { isRecord } from '../common/primitives.js';
import { problemOf } from '../http/problem.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { TenantScope } from '../http/tenant-scope.js';
import type { Principal } from '../security/api-keys/principal.js';
import { ActionDispatcher, type EmitResult } from './action-dispatcher.js';
import { type BatchItemDto, EmitEventDto, type EmitResultDto } from './emit.dto.js';

/** Events as they come over HTTP: whose they are is settled here, the rest is the dispatcher's. */
@Injectable()
export class EventIntake {
  private readonly log = new Logger(EventIntake.name);

  constructor(
    private readonly dispatcher: ActionDispatcher,
    private readonly scope: TenantScope,
  ) {}

  /** @throws what `ActionDispatcher.emit` throws, and TenantForbiddenError. */
  async emit(caller: Principal, event: EmitEventDto, idempotencyKey: string | undefined): Promise<EmitResultDto> {
    const { action, context, occurredAt } = event;
    const tenantId = await this.scope.resolve(caller, context['tenantId'], 'context.tenantId');
    const result = await this.dispatcher.emitByReference(
      action,
      { ...context, tenantId },
      { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...(occurredAt ? { occurredAt } : {}) },
    );
    return viewOf(result);
  }

  /** One item of a batch; it never rejects, so that no item can affect another. */
  async emitItem(caller: Principal, item: unknown, index: number, instance: string): Promise<BatchItemDto> {
    try {
      const parsed = parseShape(EmitEventDto, isRecord(item) ? item : undefined, `events.${index}`);
      if (!parsed.ok) throw new RequestInvalidError(parsed.faults);
      const result = await this.emit(caller, parsed.value, parsed.value.idempotencyKey);
      return { status: result.duplicate ? 'duplicate' : 'accepted', result };
    } catch (error) {
      const { correlationId } = ensureCallScope();
      const problem = problemOf(error, { instance, correlationId });
      if (problem.status >= 500) this.log.error(error);
      return { status: 'refused', problem };
    }
  }
}

const viewOf = ({ eventId, duplicate, deliveries, skipped }: EmitResult): EmitResultDto => ({
  eventId,
  duplicate,
  deliveries: [...deliveries],
  skipped: [...skipped],
});
