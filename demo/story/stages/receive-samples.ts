import { plainToInstance } from 'class-transformer';
import { LabAnswerView, RecordView } from '../../client/views.js';
import { formatCsv } from '../../lab/doors/csv.js';
import { LABS } from '../../lab/labs.js';
import type { VisitEntry } from '../ledger.js';
import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import type { World } from '../world.js';

const AT_ONCE = 16;

/**
 * A courier's list comes as an upload, single samples over HTTP; one sample nobody enters. A pathologist opens the report
 * that each result makes final, and the analyser is told what to measure.
 */
export async function receiveSamples(world: World): Promise<void> {
  const { ledger, narrator, signal } = world;
  const entered = ledger.visits.filter((visit) => visit !== ledger.forgotten);
  await inParallel(entered, AT_ONCE, signal, (visit) => openReport(world, visit));
  const listed = entered.filter((_visit, index) => index % 2 === 0);
  const single = entered.filter((_visit, index) => index % 2 === 1);
  await Promise.all([
    ...LABS.map(({ id }) =>
      receiveList(
        world,
        id,
        listed.filter(({ patient }) => patient.lab.id === id),
      ),
    ),
    inParallel(single, AT_ONCE, signal, (visit) => receiveOne(world, visit)),
  ]);
  await settle(world);
  narrator.say(
    `  ${entered.length} samples on the tracking board and on the analyser's worklist; one more lies about.`,
  );
}

/** The pathologist says by whose rules a result makes the report final, and adds a scan where there is one. */
export async function openReport({ demo }: World, entry: VisitEntry): Promise<void> {
  const { patient, orderId, visit } = entry;
  const path = `/lab/${patient.lab.id}/orders/${orderId}/report`;
  const answer = await demo.labHttp.post(path, { signedBy: 'Dr. Ines Duarte', hasScan: visit.hasScan });
  entry.reportId = plainToInstance(RecordView, answer)._id;
}

export async function receiveOne({ demo, ledger }: World, { patient, orderId }: VisitEntry): Promise<void> {
  const answer = await demo.labHttp.post(`/lab/${patient.lab.id}/orders/${orderId}/sample`);
  ledger.count(plainToInstance(LabAnswerView, answer).event);
}

async function receiveList({ demo, ledger }: World, labId: string, visits: readonly VisitEntry[]): Promise<void> {
  const { taken, refused } = await demo.upload.receiveSamples(labId, formatCsv(visits, ['orderId']));
  const [fault] = refused;
  if (fault) throw new Error(`Row ${fault.row} of the courier's list was refused: ${fault.reason}`);
  for (const { event } of taken) ledger.count(event);
}
