import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../../actions/action-catalogue.js';
import type { Attachment } from '../../actions/attachment-provider.decorator.js';
import { bounded, HOST_TIMEOUT_MS } from '../../common/bounded.js';
import { OperationTimeoutError } from '../../common/operation-timeout.error.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import { WaybillError } from '../../common/waybill.error.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { AttachmentSpec } from '../../integrations/integration.js';
import { AttachmentError } from './attachment.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Fills fields of the body with files as base64, just in time, so that no queue and no log waits with them. */
@Injectable()
export class AttachStep implements PipelineStep {
  constructor(
    private readonly catalogue: ActionCatalogue,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async run(delivery: Delivery): Promise<void> {
    if (!delivery.sendsBody) return;
    for (const spec of delivery.integration.attachments) {
      const { content } = await this.fetch(spec, delivery);
      delivery.body = withField(delivery.body, spec.field.split('.'), content.toString('base64'), spec);
    }
  }

  private async fetch(spec: AttachmentSpec, { log, data }: Delivery): Promise<Attachment> {
    const source = this.catalogue.findAttachmentSource(spec.provider);
    if (!source)
      throw new AttachmentError(
        'ATTACHMENT_PROVIDER_MISSING',
        `There is no attachment provider "${spec.provider}" in this process`,
      );
    const attachment = await this.provide(spec, () => source.provide({ context: log.context, data }));
    if (!attachment)
      throw new AttachmentError(
        'ATTACHMENT_MISSING',
        `The attachment provider "${spec.provider}" has nothing for this record`,
      );
    const limit = this.settings.limits.attachmentBytes;
    if (attachment.content.length <= limit) return attachment;
    throw new AttachmentError(
      'ATTACHMENT_TOO_LARGE',
      `The attachment of "${spec.provider}" has ${attachment.content.length} bytes, more than the ${limit} of limits.attachmentBytes`,
    );
  }

  private async provide(spec: AttachmentSpec, provide: () => Promise<Attachment | null>): Promise<Attachment | null> {
    try {
      return await bounded(provide(), HOST_TIMEOUT_MS, `The attachment provider "${spec.provider}"`);
    } catch (error) {
      if (error instanceof WaybillError && !(error instanceof OperationTimeoutError)) throw error;
      throw new AttachmentError(
        'ATTACHMENT_UNAVAILABLE',
        `The attachment provider "${spec.provider}" failed: ${String(error)}`,
        { cause: error },
      );
    }
  }
}

/** A copy of the body with the value at the path; objects on the way are made where there are none. */
function withField(body: unknown, path: readonly string[], value: string, spec: AttachmentSpec): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const parent = body ?? {};
  if (!isRecord(parent)) {
    throw new AttachmentError(
      'ATTACHMENT_MISPLACED',
      `The attachment field "${spec.field}" leads through a value that is no object (${kindOf(parent)})`,
    );
  }
  return { ...parent, [name]: withField(parent[name], rest, value, spec) };
}
