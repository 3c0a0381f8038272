import type { Observation } from '../input/patient-case.js';
import { LABS } from '../lab/labs.js';
import { SampleReceived } from '../lab/samples/sample.actions.js';
import { headerKey } from './credential.js';
import type { Vendor } from './vendor.js';
import { VendorServer } from './vendor-server.js';
import { type AcceptedWebhook, WebhookSender } from './webhook-sender.js';
import { STANDARD_WEBHOOKS } from './webhook-signature.js';

/** One result in ten is posted a second time, as if the answer had got lost. */
const REPEATS_EVERY = 10;

const WORKLIST: Vendor = {
  name: 'Analyser line',
  labs: LABS,
  credentials: headerKey('x-analyser-key'),
  integrations: [
    {
      actionId: SampleReceived.id,
      name: 'Analyser: worklist',
      path: '/worklist',
      mapping: '{ "sample": data._id, "tests": data.title }',
    },
  ],
  answer: () => ({ kind: 'accept' }),
};

/** A sample in the rack, and what is to be found in it. */
interface Tube {
  readonly labId: string;
  readonly orderId: string;
  readonly observations: readonly Observation[];
}

/** Is told by delivery what to measure, and posts what it measured. The module of its first tube still has an old secret. */
export class Analyser {
  readonly server = new VendorServer(WORKLIST);
  readonly sender = new WebhookSender({
    name: 'Analyser: results',
    vendor: 'analyser',
    eventType: '/type',
    signature: STANDARD_WEBHOOKS,
  });
  private measured = 0;

  /** What was taken of its posts about an order. */
  resultsOf(orderId: string): AcceptedWebhook[] {
    return this.sender.accepted.filter(({ eventId }) => eventId === `msg_${orderId}`);
  }

  async measure({ labId, orderId, observations }: Tube): Promise<void> {
    const position = this.measured++;
    const event = {
      type: 'result.ready',
      timestamp: new Date().toISOString(),
      data: { orderId, findings: observations },
    };
    const webhook = { id: `msg_${orderId}`, event };
    if (position === 0) await this.sender.send(labId, webhook, STANDARD_WEBHOOKS.newSecret());
    await this.sender.send(labId, webhook);
    if (position % REPEATS_EVERY === 0) await this.sender.send(labId, webhook);
  }
}
