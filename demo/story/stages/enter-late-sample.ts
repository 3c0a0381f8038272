import { countResult } from '../count-result.js';
import { settle } from '../settle.js';
import { supportOf, type World } from '../world.js';
import { openReport, receiveOne } from './receive-samples.js';

/** The forgotten sample is entered; then support retries its result, which is still there as the analyser posted it. */
export async function enterLateSample(world: World): Promise<void> {
  const { demo, ledger, narrator } = world;
  const late = ledger.forgotten;
  const [posted] = late ? demo.vendors.analyser.resultsOf(late.orderId) : [];
  if (!late || !posted) throw new Error('No result of the forgotten sample was taken');
  const support = supportOf(world, late.patient.lab.id);
  const { errorMessage } = await support.log(posted.logId);
  narrator.say(`  Support reads why a result FAILed: ${errorMessage ?? 'it did not'}.`);
  await openReport(world, late);
  await receiveOne(world, late);
  await support.retry(posted.logId, 'the sample was entered');
  await settle(world);
  await countResult(world, posted);
  narrator.say(
    '  The sample is entered, the webhook retried from the stored request: the analyser posts nothing again.',
  );
  await resolveTheRest(world);
  narrator.say('  What no retry can mend, such as the post that was refused, is resolved with a note.');
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
