import { plainToInstance } from 'class-transformer';
import { ResultTakenView } from '../client/views.js';
import { supportOf, type World } from './world.js';

/** Reads in the log of a webhook what the lab's method made of it, and counts the event that it emitted; a failed one made none. */
export async function countResult(world: World, { labId, logId }: { labId: string; logId: string }): Promise<void> {
  const { status, attempts } = await supportOf(world, labId).log(logId);
  const text = attempts.at(-1)?.response?.body?.text;
  if (status !== 'SUCCESS' || !text) return;
  world.ledger.count(plainToInstance(ResultTakenView, JSON.parse(text)).event);
}
