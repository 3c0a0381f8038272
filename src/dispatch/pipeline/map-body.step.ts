import { Injectable } from '@nestjs/common';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import type { Delivery } from './delivery.js';
import { MappingEmptyError } from './mapping-empty.error.js';
import type { PipelineStep } from './pipeline-step.js';

/** Turns the data into the body that the vendor wants. */
@Injectable()
export class MapBodyStep implements PipelineStep {
  constructor(private readonly sandbox: ExpressionSandbox) {}

  async run(delivery: Delivery): Promise<void> {
    if (!delivery.sendsBody) return;
    const { mapping } = delivery.integration;
    delivery.body =
      mapping === null
        ? delivery.data
        : await this.sandbox.evaluate(mapping, delivery.input, { owner: delivery.log.tenantId });
    if (delivery.body === null || delivery.body === undefined) throw new MappingEmptyError();
  }
}
