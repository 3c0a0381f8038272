import { Injectable } from '@nestjs/common';
import { BodySchemas } from '../../integrations/schemas/body-schemas.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Holds the body against the integration's schema, before any file is fetched and any call is made. */
@Injectable()
export class CheckSchemaStep implements PipelineStep {
  constructor(private readonly schemas: BodySchemas) {}

  run({ integration, body, sendsBody }: Delivery): Promise<void> | void {
    const { schemaJson, tenantId } = integration;
    if (schemaJson && sendsBody) return this.schemas.requireValid(schemaJson, body, { owner: tenantId });
  }
}
