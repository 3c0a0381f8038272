import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../../actions/action-catalogue.js';
import type { Attachment } from '../../actions/attachment-provider.decorator.js';
import { bounded, HOST_TIMEOUT_MS } from '../../common/bounded.js';
import { OperationTimeoutError } from '../../common/operation-timeout.error.js';
import { WaybillError } from '../../common/waybill.error.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { PlacedFile } from '../../integrations/bodies/body-format.js';
import type { AttachmentSpec } from '../../integrations/integration.js';
import type { BodyFile } from '../../security/outbound-http/segmented-body.js';
import { AttachmentError } from './attachment.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/**
 * Fetches the files just in time, so that no queue and no log waits with them. Each is held once, as it came, until the
 * call has ended: its length and signature must be known before the first byte is sent, and it may have to be sent again.
 */
@Injectable()
export class AttachStep implements PipelineStep {
  constructor(
    private readonly catalogue: ActionCatalogue,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  run(delivery: Delivery): Promise<void> | void {
    if (delivery.fileTokens.length > 0) return this.fetchAll(delivery);
  }

  private async fetchAll(delivery: Delivery): Promise<void> {
    const { attachments } = delivery.integration;
    const files: PlacedFile[] = [];
    for (const [index, spec] of attachments.entries()) {
      const token = delivery.fileTokens[index] ?? '';
      files.push({ ...(await this.fetch(spec, delivery)), field: spec.field, token });
      const held = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const toCome = (attachments.length - files.length) * this.settings.limits.attachmentBytes;
      delivery.attachmentShare?.shrinkTo(held + toCome);
    }
    delivery.files = files;
  }

  private async fetch({ provider }: AttachmentSpec, { log, data }: Delivery): Promise<BodyFile> {
    const source = this.catalogue.findAttachmentSource(provider);
    if (!source)
      throw new AttachmentError(
        'ATTACHMENT_PROVIDER_MISSING',
        `There is no attachment provider "${provider}" in this process`,
      );
    return unavailable(provider, async () => {
      const attachment = await bounded(
        source.provide({ context: log.context, data }),
        HOST_TIMEOUT_MS,
        `The attachment provider "${provider}"`,
      );
      if (!attachment)
        throw new AttachmentError(
          'ATTACHMENT_MISSING',
          `The attachment provider "${provider}" has nothing for this record`,
        );
      return this.collect(provider, attachment);
    });
  }

  private async collect(
    provider: string,
    { content, contentType, fileName, sizeBytes }: Attachment,
  ): Promise<BodyFile> {
    const limit = this.settings.limits.attachmentBytes;
    const about = { contentType, fileName: fileName ?? null };
    if (Buffer.isBuffer(content)) {
      if (content.length > limit) throw tooLarge(provider, `${content.length} bytes, more than the ${limit}`);
      return { chunks: [content], sizeBytes: content.length, ...about };
    }
    try {
      if (sizeBytes !== undefined && sizeBytes > limit)
        throw tooLarge(provider, `${sizeBytes} bytes, more than the ${limit}`);
      const file = await bounded(readAll(provider, content, limit), HOST_TIMEOUT_MS, `Reading from "${provider}"`);
      if (sizeBytes !== undefined && file.sizeBytes !== sizeBytes)
        throw new Error(`its stream ended after ${file.sizeBytes} of ${sizeBytes} bytes`);
      return { ...file, ...about };
    } finally {
      content.destroy();
    }
  }
}

async function readAll(provider: string, content: Readable, limit: number) {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of content) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > limit) throw tooLarge(provider, `more than the ${limit} bytes`);
    chunks.push(bytes);
  }
  return { chunks, sizeBytes };
}

const tooLarge = (provider: string, size: string) =>
  new AttachmentError('ATTACHMENT_TOO_LARGE', `The attachment of "${provider}" has ${size} of limits.attachmentBytes`);

/** What fails in the host's own code is worth another try; what it says itself is not. */
async function unavailable<T>(provider: string, provide: () => Promise<T>): Promise<T> {
  try {
    return await provide();
  } catch (error) {
    if (error instanceof WaybillError && !(error instanceof OperationTimeoutError)) throw error;
    throw new AttachmentError(
      'ATTACHMENT_UNAVAILABLE',
      `The attachment provider "${provider}" failed: ${String(error)}`,
      { cause: error },
    );
  }
}
