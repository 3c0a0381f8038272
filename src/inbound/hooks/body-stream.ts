import { finished, type Readable } from 'node:stream';

/** A caller that sends slower than this keeps a connection, and room, that others need. */
const WINDOW_S = 20;
/** 256 KiB in 20 s are 0.1 Mbit/s; the last piece of a body may be smaller. */
const BYTES_A_WINDOW = 262_144;
/** 240 s, in which 25 MiB come at 0.9 Mbit/s. Node's own bound on a request is 300 s. */
const WINDOWS = 12;

/** A body did not come as fast as it has to; the message goes on from "the body". */
export class SlowBodyError extends Error {}

/**
 * Reads a stream to its end. `admit` is told the size of each piece that comes, and throws where no more is taken: nothing is
 * read after that, and what was read is let go.
 * @throws SlowBodyError, what `admit` throws, or what the stream fails with
 */
export function collectBody(stream: Readable, admit: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let [windows, windowBytes] = [0, 0];
    const settle = (error?: unknown) => {
      clearInterval(watch);
      forget();
      stream.off('data', take);
      if (!error) return resolve(Buffer.concat(chunks));
      stream.pause();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      try {
        admit(chunk.length);
        chunks.push(chunk);
        windowBytes += chunk.length;
      } catch (error) {
        settle(error);
      }
    };
    const watch = setInterval(() => {
      windows += 1;
      const fault = faultOfPace(windows, windowBytes);
      windowBytes = 0;
      if (fault !== null) settle(new SlowBodyError(fault));
    }, WINDOW_S * 1_000);
    const forget = finished(stream, { writable: false }, settle);
    stream.on('data', take);
  });
}

function faultOfPace(windows: number, windowBytes: number): string | null {
  if (windowBytes < BYTES_A_WINDOW)
    return `came too slowly: ${shown(windowBytes)} bytes in ${WINDOW_S} seconds, at least ${shown(BYTES_A_WINDOW)} have to come`;
  return windows < WINDOWS ? null : `did not come to its end within ${WINDOWS * WINDOW_S} seconds`;
}

const shown = (bytes: number) => bytes.toLocaleString('en');
