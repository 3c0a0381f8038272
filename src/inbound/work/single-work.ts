import { Injectable } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { BodySchemas } from '../../integrations/schemas/body-schemas.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { Webhook } from '../webhook.js';
import { HandledBy } from './handled-by.js';

/** Works on one webhook, or on one record of a file of them. */
@Injectable()
export class SingleWork {
  constructor(
    private readonly handledBy: HandledBy,
    private readonly schemas: BodySchemas,
  ) {}

  /**
   * `key`: the same each time that this one is worked on.
   * @throws BodySchemaError, OperationTimeoutError, or what its handling throws.
   */
  async handle(webhook: Webhook, log: IntegrationLog, key: string = log._id): Promise<HandlerAnswer> {
    const { source, data, type } = webhook;
    if (source.schemaJson !== null)
      await this.schemas.requireValid(source.schemaJson, data, { owner: source.tenantId });
    const handling = this.handledBy.handle(webhook, log, key);
    return bounded(handling, source.timeoutMs, `The handler of ${source.vendor} ${type}`);
  }
}
