import { formatCsv } from '../../lab/doors/csv.js';
import { LABS } from '../../lab/labs.js';
import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import { plainToInstance } from 'class-transformer';
import { LabAnswerView } from '../../client/views.js';
import type { VisitEntry } from '../ledger.js';
import type { World } from '../world.js';

const AT_ONCE = 16;

/** A courier's list comes as an upload, single samples over HTTP; then the analysers post what they measured. */
export async function receiveSamples(world: World): Promise<void> {
  const { ledger, narrator, signal } = world;
  const listed = ledger.visits.filter((_visit, index) => index % 2 === 0);
  const single = ledger.visits.filter((_visit, index) => index % 2 === 1);
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
  await inParallel(ledger.visits, AT_ONCE, signal, (visit) => measure(world, visit));
  await settle(world);
  narrator.say(`  ${ledger.visits.length} samples on the tracking board; as many results came in from the analysers.`);
  narrator.say('  Calls from outside are logged like calls to the outside: @IntegrationLogger stands on the method.');
}

async function receiveList({ demo, ledger }: World, labId: string, visits: readonly VisitEntry[]): Promise<void> {
  const { taken, refused } = await demo.upload.receiveSamples(labId, formatCsv(visits, ['orderId']));
  const [fault] = refused;
  if (fault) throw new Error(`Row ${fault.row} of the courier's list was refused: ${fault.reason}`);
  for (const { event } of taken) ledger.count(event);
}

async function receiveOne({ demo, ledger }: World, { patient, orderId }: VisitEntry): Promise<void> {
  const answer = await demo.labHttp.post(`/lab/${patient.lab.id}/orders/${orderId}/sample`);
  ledger.count(plainToInstance(LabAnswerView, answer).event);
}

async function measure({ demo }: World, { patient, orderId, visit }: VisitEntry): Promise<void> {
  await demo.labHttp.post('/lab/results', { labId: patient.lab.id, orderId, findings: visit.observations });
}
