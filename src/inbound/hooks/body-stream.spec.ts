import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { collectBody } from './body-stream.js';

const MIB = 1_048_576;
const MBIT_A_SECOND = 125_000;

interface Outcome {
  readonly seconds: number;
  readonly bytes: number;
  /** Why it was not taken. */
  readonly fault: string | null;
}

/** Sends a body of so many bytes, in each second as many of them as `bytesIn` says. What became of it, and when. */
async function send(bodyBytes: number, bytesIn: (second: number) => number): Promise<Outcome> {
  const stream = new PassThrough({ highWaterMark: bodyBytes });
  let settled: Omit<Outcome, 'seconds'> | null = null;
  const admit = () => undefined;
  void collectBody(stream, admit).then(
    ({ length }) => (settled = { bytes: length, fault: null }),
    (error: unknown) => (settled = { bytes: 0, fault: String(error) }),
  );
  let sentBytes = 0;
  for (let seconds = 0; ; seconds += 1) {
    const bytes = Math.min(bytesIn(seconds), bodyBytes - sentBytes);
    if (sentBytes < bodyBytes && bytes > 0) stream.write(Buffer.alloc(bytes));
    sentBytes += bytes;
    if (sentBytes === bodyBytes) stream.end();
    await turn();
    await turn();
    if (settled) return { seconds, ...(settled as Omit<Outcome, 'seconds'>) };
    jest.advanceTimersByTime(1_000);
  }
}

describe('collectBody', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('takes 25 MiB that come at 1 Mbit/s', async () => {
    const { bytes, seconds, fault } = await send(25 * MIB, () => MBIT_A_SECOND);
    expect({ bytes, fault }).toEqual({ bytes: 25 * MIB, fault: null });
    expect(seconds).toBeCloseTo(209, -1);
  });

  it('takes a large body that stops for a while, and a small one that takes its time', async () => {
    const pausing = await send(10 * MIB, (second) => (second % 20 < 15 ? 0 : 2 * MBIT_A_SECOND));
    expect(pausing).toMatchObject({ bytes: 10 * MIB, fault: null });
    expect(await send(18, () => 1)).toMatchObject({ bytes: 18, fault: null });
  });

  it('ends one that trickles after 20 seconds, however much came of it before', async () => {
    const trickling = await send(25 * MIB, () => 1);
    expect(trickling).toMatchObject({
      seconds: 20,
      fault: 'Error: came too slowly: 20 bytes in 20 seconds, at least 262,144 have to come',
    });
    const stopping = await send(25 * MIB, (second) => (second === 0 ? 24 * MIB : 1));
    expect(stopping).toMatchObject({ seconds: 40, fault: expect.stringContaining('came too slowly: 20 bytes') });
  });

  it('ends one after 240 seconds, however steadily it comes', async () => {
    const slow = await send(25 * MIB, () => 0.5 * MBIT_A_SECOND);
    expect(slow).toMatchObject({ seconds: 240, fault: 'Error: did not come to its end within 240 seconds' });
  });

  it('reads no further once no more is taken', async () => {
    const stream = new PassThrough();
    const body = collectBody(stream, () => {
      throw new Error('no room');
    });
    stream.write('x');
    await expect(body).rejects.toThrow('no room');
    expect(stream.isPaused()).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });
});
