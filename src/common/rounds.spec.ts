import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Rounds } from './rounds.js';

describe('Rounds', () => {
  it('tells a part at work to end, and stops once it has', async () => {
    let ended = 0;
    const work = async (stopping: AbortSignal) => {
      while (!stopping.aborted) await setImmediate();
      ended += 1;
    };
    const rounds = new Rounds(60_000, [{ what: 'Going on for ever', work }], new Logger());
    rounds.start();
    await rounds.stop();
    expect(ended).toBe(1);
  });

  it('stops within seconds where a part does not hear of it', async () => {
    jest.useFakeTimers();
    const work = () => new Promise<never>(() => undefined);
    const rounds = new Rounds(60_000, [{ what: 'Hanging', work }], new Logger());
    rounds.start();
    const stopped = rounds.stop();
    await jest.advanceTimersByTimeAsync(5_000);
    await expect(stopped).resolves.toBeUndefined();
    jest.useRealTimers();
  });
});
