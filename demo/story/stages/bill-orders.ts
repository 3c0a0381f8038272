import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import { supportOf, type World } from '../world.js';

const AT_ONCE = 16;

/** Each order is billed, and the insurer is told: it refuses mistyped policy numbers, with a 200 that says so in its body. */
export async function billOrders(world: World): Promise<void> {
  const { demo, ledger, narrator, signal } = world;
  const billed = await inParallel(ledger.patients, AT_ONCE, signal, async (patient) => {
    const entries = [];
    for (const visit of patient.case.visits) {
      const { order, bill, event } = await demo.desk.orderAndBill(
        { labId: patient.lab.id, patientId: patient.patientId, title: visit.title },
        { currency: visit.currency, lines: visit.items },
      );
      ledger.count(event);
      entries.push({ visit, patient, orderId: order._id, billId: bill._id, reportId: null });
    }
    return entries;
  });
  ledger.visits.push(...billed.flat());
  await settle(world);
  const failed = await Promise.all(
    [...demo.support.keys()].map((labId) => supportOf(world, labId).logs({ status: 'FAIL', actionId: '1' })),
  );
  narrator.say(`  ${ledger.visits.length} bills sent to the insurer; ${failed.flat().length} refused and FAILed.`);
  narrator.say('  A refusal is not tried again by itself: sending the same data again would change nothing.');
}
