import { Injectable } from '@nestjs/common';
import type { ContextData } from '../common/primitives.js';
import { ExpressionSandbox } from '../integrations/expressions/expression-sandbox.js';
import type { Integration } from '../integrations/integration.js';

/** What a filter reads of an event. */
export interface FilteredEvent {
  readonly action: { readonly id: number; readonly name: string };
  readonly context: ContextData;
  readonly occurredAt: Date;
}

/** Asks an integration's filter whether it wants an event. Only `true` is yes. */
@Injectable()
export class EventFilter {
  constructor(private readonly sandbox: ExpressionSandbox) {}

  /** @throws ExpressionFailedError, ExpressionLimitError */
  async passes({ filter, tenantId }: Integration, { action, context, occurredAt }: FilteredEvent): Promise<boolean> {
    if (filter === null) return true;
    const { id, name } = action;
    const input = { action: { id, name }, context, tenantId, occurredAt: occurredAt.toISOString() };
    return (await this.sandbox.evaluate(filter, input, { owner: tenantId })) === true;
  }
}
