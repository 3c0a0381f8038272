import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsString } from 'class-validator';
import { InboundWebhook, WaybillModule } from '../../src/index.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

class Sms {
  @IsString()
  MessageSid!: string;

  @IsString()
  Body!: string;

  @IsString({ each: true })
  MediaUrl!: string[];

  @Type(() => Number)
  @IsInt()
  NumMedia!: number;
}

@Injectable()
class Messages {
  readonly typed: Sms[] = [];
  readonly untyped: unknown[] = [];

  @InboundWebhook('twilio', '*')
  onSms(sms: Sms): void {
    this.typed.push(sms);
  }

  @InboundWebhook('slack', '/weather')
  onCommand(body: unknown): void {
    this.untyped.push(body);
  }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const TOKEN = 'auth-token-of-the-account';

describe('webhooks that are forms', () => {
  let host: TestHost;
  let messages: Messages;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Messages] })] });
    messages = host.find(Messages);
  });

  afterAll(() => host.close());

  it('of Twilio are told apart and searched by their fields, and handled as a class', async () => {
    const { path } = await createSource(host, {
      vendor: 'twilio',
      verification: { kind: 'twilio', secrets: [TOKEN] },
      eventType: null,
      eventId: '/MessageSid',
      context: { sms: '/MessageSid' },
      schema: { type: 'object', required: ['MessageSid'] },
    });
    const send = (form: string) => {
      const sorted = [...new URLSearchParams(form)].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      const text = `${host.url}${path}${sorted.flat().join('')}`;
      const signature = createHmac('sha1', TOKEN).update(text).digest('base64');
      return host.http
        .post(path)
        .set({ ...FORM, 'x-twilio-signature': signature })
        .send(form);
    };
    const form = 'MessageSid=SM1&Body=Ol%C3%A1+Ana&MediaUrl=a&MediaUrl=b&NumMedia=2';
    const { id } = (await send(form).expect(202)).body;
    const log = await host.waitForLog(id, 'SUCCESS');
    expect(log.context).toEqual({ sms: 'SM1', webhookType: '*', webhookId: 'SM1' });
    expect(messages.typed).toEqual([
      Object.assign(new Sms(), { MessageSid: 'SM1', Body: 'Olá Ana', MediaUrl: ['a', 'b'], NumMedia: 2 }),
    ]);
    // Another body, and the same event.
    expect((await send(form.replace('Ana', 'Bia')).expect(202)).body.id).toBe(id);
    const lacking = await send('MessageSid=SM2&MediaUrl=a&NumMedia=two').expect(202);
    const refused = await host.waitForLog(lacking.body.id, 'FAIL');
    expect(refused.errorMessage).toMatch(/Body must be a string \(received: missing\).*NumMedia must be an integer/);
  });

  it('are of the type that a field names, and handled as an object', async () => {
    const { path } = await createSource(host, { vendor: 'slack', eventType: '/command' });
    const form = 'command=%2Fweather&text=94070';
    const { body } = await host.http
      .post(path)
      .set({ ...signed(form), ...FORM })
      .send(form);
    await host.waitForLog(body.id, 'SUCCESS');
    expect(messages.untyped).toEqual([{ command: '/weather', text: '94070' }]);
  });

  it('emit by a mapping of their fields', async () => {
    const handling = { kind: 'emit', actionId: PatientRegistered.id, mapping: '{ "patientId": body.patient }' };
    const { path } = await createSource(host, { handling, eventType: null });
    const form = 'patient=P-1';
    const { body } = await host.http
      .post(path)
      .set({ ...signed(form), ...FORM })
      .send(form);
    const log = await host.waitForLog(body.id, 'SUCCESS');
    expect(JSON.parse(log.firstAttempt?.response?.body?.text ?? '{}').events).toHaveLength(1);
  });

  it('or JSON after a byte order mark are verified by the very bytes that came', async () => {
    const { path } = await createSource(host, { vendor: 'slack' });
    const marked = '\uFEFF{"type":"/weather"}';
    await host.http
      .post(path)
      .set(signed(marked.slice(1)))
      .send(marked)
      .expect(401);
    const { body } = await host.http.post(path).set(signed(marked)).send(marked).expect(202);
    const log = await host.waitForLog(body.id, 'SUCCESS');
    expect(log.context['webhookType']).toBe('/weather');
  });
});
