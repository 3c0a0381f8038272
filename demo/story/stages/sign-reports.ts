import { plainToInstance } from 'class-transformer';
import { LabAnswerView } from '../../client/views.js';
import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import type { World } from '../world.js';

const AT_ONCE = 16;

/** The pathologist signs over HTTP; the PDF of each report is made when it is sent, and never waits in a queue. */
export async function signReports(world: World): Promise<void> {
  const { demo, ledger, narrator, signal } = world;
  await inParallel(ledger.visits, AT_ONCE, signal, async (entry) => {
    const { patient, orderId, visit } = entry;
    const path = `/lab/${patient.lab.id}/orders/${orderId}/report`;
    const answer = await demo.labHttp.post(path, { signedBy: 'Dr. Ines Duarte', hasScan: visit.hasScan });
    const { report, event } = plainToInstance(LabAnswerView, answer);
    entry.reportId = report?._id ?? null;
    ledger.count(event);
  });
  await settle(world);
  narrator.say(`  ${ledger.visits.length} signed reports went out as PDF, one of them with a scan of 3 MB.`);
  const retried = demo.vendors.all.flatMap(({ calls }) => calls.filter(({ tryNumber }) => tryNumber > 1)).length;
  narrator.say(`  Vendors that were busy or hung up were called again by themselves: ${retried} second tries so far.`);
}
