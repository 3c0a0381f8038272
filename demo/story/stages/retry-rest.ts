import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import { supportOf, type World } from '../world.js';

const AT_ONCE = 8;

/** The other records are corrected from the patients' papers, and every log that FAILed is retried. */
export async function retryRest(world: World): Promise<void> {
  const { demo, ledger, narrator, signal } = world;
  const wrong = ledger.patients.filter(
    ({ case: { entered, papers } }) => entered.policyNumber !== papers.policyNumber || entered.phone !== papers.phone,
  );
  await inParallel(wrong, AT_ONCE, signal, async ({ lab, patientId, case: { papers } }) => {
    const { policyNumber, phone } = papers;
    const change = { policyNumber, ...(phone === null ? {} : { phone }) };
    await demo.labHttp.patch(`/lab/${lab.id}/patients/${patientId}`, change);
  });
  let retried = 0;
  for (const labId of demo.support.keys()) {
    const support = supportOf(world, labId);
    const failed = (await support.logs({ status: 'FAIL' })).filter(({ resolution }) => !resolution);
    await inParallel(failed, AT_ONCE, signal, ({ id }) => support.retry(id, 'record corrected from the papers'));
    retried += failed.length;
  }
  await settle(world);
  narrator.say(
    `  ${wrong.length} records corrected in all, ${retried} more logs retried over POST /v1/logs/:id/retry.`,
  );
}
