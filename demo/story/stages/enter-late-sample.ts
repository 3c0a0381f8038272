import { countResult } from '../count-result.js';
import { settle } from '../settle.js';
import { supportOf, type World } from '../world.js';
import { measure } from './measure-samples.js';
import { openReport, receiveOne } from './receive-samples.js';

/** The forgotten sample is entered, and measured again: the result finds its report. */
export async function enterLateSample(world: World): Promise<void> {
  const { ledger, narrator } = world;
  const late = ledger.forgotten;
  if (!late) throw new Error('There is no sample');
  const [early] = world.demo.vendors.analyser.resultsOf(late.orderId);
  const failed = early && (await supportOf(world, late.patient.lab.id).log(early.logId));
  narrator.say(`  Support reads why a result FAILed: ${failed?.errorMessage ?? 'it did not'}.`);
  await openReport(world, late);
  await receiveOne(world, late);
  await settle(world);
  await measure(world, late);
  await settle(world);
  const last = world.demo.vendors.analyser.resultsOf(late.orderId).at(-1);
  if (last) await countResult(world, last);
  narrator.say('  The sample is entered and measured again: the new result finds its report.');
  await resolveTheRest(world);
  narrator.say('  What FAILed of the webhooks stays to be read, and is resolved with a note.');
}

async function resolveTheRest(world: World): Promise<void> {
  for (const labId of world.demo.support.keys()) {
    const support = supportOf(world, labId);
    const failed = (await support.logs({ status: 'FAIL' })).filter(({ direction }) => direction === 'inbound');
    for (const { id, errorCode } of failed)
      await support.resolve(
        id,
        errorCode === 'WEBHOOK_REFUSED' ? 'posted again with the right secret' : 'the sample was entered since',
      );
  }
}
