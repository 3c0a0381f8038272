import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import type { World } from '../world.js';

const AT_ONCE = 16;

/** Patients pay, and the provider says so: signed the way of Stripe, and some of it twice. */
export async function payBills(world: World): Promise<void> {
  const { demo, narrator, signal } = world;
  const { server, sender } = demo.vendors.payments;
  await inParallel(server.accepted, AT_ONCE, signal, (request) => demo.vendors.payments.pay(request));
  await settle(world);
  const events = new Set(sender.sent.map(({ eventId }) => eventId)).size;
  narrator.say(
    `  ${server.accepted.length} payments asked for, ${events} made: the provider posted ${sender.sent.length} webhooks, ` +
      `${sender.sent.length - events} of them an event that it had posted before.`,
  );
  narrator.say('  The second time gets the answer of the first: each bill is marked as paid once.');
}
