import { Injectable } from '@nestjs/common';
import type { ContextData } from '../common/primitives.js';
import { ExpressionSandbox } from '../integrations/expressions/expression-sandbox.js';
import type { Integration } from '../integrations/integration.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { verdictOfError } from './pipeline/error-verdicts.js';
import type { FailVerdict } from './pipeline/verdict.js';
import { FILTER_FAILED, FILTERED_OUT } from './refusals.js';

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

  /** A log whose filter could not be evaluated at the emit is retried: the filter, as it is now, still has the say. */
  async refusalOf(
    { errorCode, context, occurredAt }: IntegrationLog,
    integration: Integration,
    action: FilteredEvent['action'],
  ): Promise<FailVerdict | null> {
    if (errorCode !== FILTER_FAILED && errorCode !== FILTERED_OUT.errorCode) return null;
    try {
      return (await this.passes(integration, { action, context, occurredAt })) ? null : FILTERED_OUT;
    } catch (error) {
      return { ...verdictOfError(error), errorCode: FILTER_FAILED };
    }
  }
}
