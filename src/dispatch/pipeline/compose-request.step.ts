import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { encodeForUrl, renderTemplate } from '../../integrations/template.js';
import { BODY_WRITERS } from './body-formats.js';
import { BodyTooLargeError } from './body-too-large.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

const USER_AGENT = 'Waybill/0.1';

/** Fills the endpoint's parameters and serialises the body. Each value is encoded for the place it is put into. */
@Injectable()
export class ComposeRequestStep implements PipelineStep {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  async run(delivery: Delivery): Promise<void> {
    const { endpoint } = delivery.integration;
    const { input, log } = delivery;
    const url = new URL(renderTemplate('endpoint.url', endpoint.url, input, encodeForUrl));
    for (const [name, value] of Object.entries(endpoint.query)) {
      url.searchParams.append(
        name,
        renderTemplate(`endpoint.query.${name}`, value, input, (text) => text),
      );
    }
    const body = delivery.sendsBody ? this.serialise(delivery) : null;
    const headers: Record<string, string> = { 'user-agent': USER_AGENT, accept: 'application/json, */*;q=0.5' };
    if (body) headers['content-type'] = BODY_WRITERS[endpoint.format].contentType;
    for (const [name, value] of Object.entries(endpoint.headers)) {
      headers[name.toLowerCase()] = renderTemplate(`endpoint.headers.${name}`, value, input, headerValue);
    }
    headers['webhook-id'] = log._id;
    headers['x-correlation-id'] = log.correlationId;
    delivery.request = { url, headers, body };
  }

  private serialise({ body: value, integration }: Delivery): Buffer {
    const body = Buffer.from(BODY_WRITERS[integration.endpoint.format].write(value), 'utf8');
    const limit = this.settings.limits.outgoingBytes;
    if (body.length > limit) throw new BodyTooLargeError(body.length, limit);
    return body;
  }
}

/** A record's value must not be able to end the header and begin another one (RFC 9110, section 5.5). */
const headerValue = (value: string) => value.replaceAll(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character));
