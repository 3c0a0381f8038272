import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { WrittenBody } from '../../integrations/bodies/body-format.js';
import { FORMATS } from '../../integrations/bodies/body-formats.js';
import type { OutgoingBody } from '../../security/outbound-http/segmented-body.js';
import { encodeForUrl, renderTemplate } from '../../integrations/template.js';
import { gzipped } from './gzip-body.js';
import { BodyTooLargeError } from './body-too-large.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

const USER_AGENT = 'Waybill/0.1';

/** Fills the endpoint's parameters and serialises the body. Each value is encoded for the place it is put into. */
@Injectable()
export class ComposeRequestStep implements PipelineStep {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  run(delivery: Delivery): Promise<void> | void {
    const written = delivery.sendsBody ? this.write(delivery) : null;
    const request = { ...targetOf(delivery, written?.contentType ?? null), content: written?.body ?? null };
    delivery.request = { ...request, body: request.content };
    if (request.content && delivery.integration.endpoint.compression === 'gzip')
      return compress(delivery, request.content);
  }

  private write({ body: value, files, integration, restored }: Delivery): WrittenBody {
    if (restored)
      return {
        body: Buffer.from(restored.text ?? ''),
        contentType: restored.contentType ?? 'application/octet-stream',
      };
    const written = FORMATS[integration.endpoint.format].write(value, files);
    const sizeBytes = Buffer.isBuffer(written.body) ? written.body.length : written.body.sizeBytes;
    const limit = this.settings.limits.outgoingBytes;
    if (sizeBytes > limit) throw new BodyTooLargeError(sizeBytes, limit);
    return written;
  }
}

function targetOf({ integration: { endpoint }, input, log }: Delivery, contentType: string | null) {
  const url = new URL(renderTemplate('endpoint.url', endpoint.url, input, encodeForUrl));
  for (const [name, value] of Object.entries(endpoint.query)) {
    url.searchParams.append(
      name,
      renderTemplate(`endpoint.query.${name}`, value, input, (text) => text),
    );
  }
  const headers: Record<string, string> = { 'user-agent': USER_AGENT, accept: 'application/json, */*;q=0.5' };
  if (contentType !== null) headers['content-type'] = contentType;
  for (const [name, value] of Object.entries(endpoint.headers)) {
    headers[name.toLowerCase()] = renderTemplate(`endpoint.headers.${name}`, value, input, headerValue);
  }
  headers['webhook-id'] = log._id;
  headers['x-correlation-id'] = log.correlationId;
  return { url, headers };
}

async function compress(delivery: Delivery, content: OutgoingBody): Promise<void> {
  const body = await gzipped(content);
  if (!delivery.request) return;
  delivery.request.headers['content-encoding'] = 'gzip';
  delivery.request = { ...delivery.request, body };
}

/** A record's value must not be able to end the header and begin another one (RFC 9110, section 5.5). */
const headerValue = (value: string) => value.replaceAll(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character));
