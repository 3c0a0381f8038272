import { plainToInstance } from 'class-transformer';
import { LabAnswerView } from '../../client/views.js';
import type { PatientCase } from '../../input/patient-case.js';
import { formatCsv } from '../../lab/doors/csv.js';
import { CITY_LAB, HILL_LAB, type Lab, LABS } from '../../lab/labs.js';
import type { Channel } from '../../lab/patients/patient.js';
import type { PatientEntry } from '../ledger.js';
import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import type { World } from '../world.js';

const AT_ONCE = 16;
/** One patient in four goes to the smaller lab. */
const HILL_LAB_PERIOD = 4;
const CHANNELS: readonly Channel[] = ['desk', 'api', 'upload'];
const CSV_COLUMNS = ['mrn', 'given', 'family', 'birthDate', 'sex', 'phone', 'policyNumber'] as const;

interface Arrival {
  readonly case: PatientCase;
  readonly lab: Lab;
  readonly channel: Channel;
}

/** Patients come in by three doors, and the same trigger emits `patient.registered` behind each. */
export async function registerPatients(world: World): Promise<void> {
  const { cases, ledger, narrator, signal } = world;
  const arrivals = cases.map((arrived, index) => ({
    case: arrived,
    lab: index % HILL_LAB_PERIOD === HILL_LAB_PERIOD - 1 ? HILL_LAB : CITY_LAB,
    channel: CHANNELS[index % CHANNELS.length] ?? 'desk',
  }));
  const by = (channel: Channel) => arrivals.filter((arrival) => arrival.channel === channel);
  narrator.say(
    `  ${by('desk').length} at the reception desk, ${by('upload').length} in bulk uploads, ${by('api').length} over the lab's HTTP API.`,
  );
  const entries = await Promise.all([
    inParallel(by('desk'), AT_ONCE, signal, (arrival) => registerAtDesk(world, arrival)),
    inParallel(by('api'), AT_ONCE, signal, (arrival) => registerOverHttp(world, arrival)),
    ...LABS.map((lab) =>
      uploadPatients(
        world,
        lab,
        by('upload').filter((arrival) => arrival.lab === lab),
      ),
    ),
  ]);
  ledger.patients.push(...entries.flat());
  await repeatOne(world, entries.flat());
  await settle(world);
  narrator.say(
    `  Each registration fanned out to its lab's integrations: ${ledger.deliveries} deliveries, ` +
      `${ledger.skipped.get('filtered') ?? 0} left out by a filter (no welcome SMS for uploaded patients).`,
  );
}

async function registerAtDesk({ demo, ledger }: World, arrival: Arrival): Promise<PatientEntry> {
  const { patient, event } = await demo.desk.register(arrival.lab.id, arrival.case.entered);
  ledger.count(event);
  return { ...arrival, patientId: patient._id, eventId: event.eventId };
}

async function registerOverHttp(world: World, arrival: Arrival): Promise<PatientEntry> {
  const { patientId, event } = await postPatient(world, arrival);
  return { ...arrival, patientId, eventId: event.eventId };
}

async function uploadPatients(
  { demo, ledger }: World,
  lab: Lab,
  arrivals: readonly Arrival[],
): Promise<PatientEntry[]> {
  const csv = formatCsv(
    arrivals.map((arrival) => arrival.case.entered),
    CSV_COLUMNS,
  );
  const { taken, refused } = await demo.upload.registerPatients(lab.id, csv);
  const [fault] = refused;
  if (fault) throw new Error(`Row ${fault.row} of the bulk upload of ${lab.id} was refused: ${fault.reason}`);
  const byMrn = new Map(arrivals.map((arrival) => [arrival.case.entered.mrn, arrival]));
  return taken.flatMap(({ patient, event }) => {
    ledger.count(event);
    const arrival = byMrn.get(patient.mrn);
    return arrival ? [{ ...arrival, patientId: patient._id, eventId: event.eventId }] : [];
  });
}

/** Somebody clicks twice: the second request finds the patient, and Waybill finds the event. */
async function repeatOne(world: World, entries: readonly PatientEntry[]): Promise<void> {
  const [first] = entries;
  if (first) await postPatient(world, first);
}

async function postPatient({ demo, ledger }: World, arrival: Arrival) {
  const answer = await demo.labHttp.post(`/lab/${arrival.lab.id}/patients`, arrival.case.entered);
  const { patient, event } = plainToInstance(LabAnswerView, answer);
  ledger.count(event);
  return { patientId: patient?._id ?? '', event };
}
