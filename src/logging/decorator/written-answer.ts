import { finished, type Writable } from 'node:stream';
import { isRecord } from '../../common/primitives.js';
import { CALL_BODY_BYTES } from '../body-capture.js';
import type { HttpExchange } from './http-exchange.js';

/** An HTTP answer that a method has written by itself. */
export interface WrittenAnswer {
  readonly status: number;
  /** Its beginning; JSON where it is. */
  readonly body: unknown;
  readonly contentType: string | null;
  /** Whether the caller was still there at its end. */
  readonly complete: boolean;
}

/** Reads along what a method writes to the response that Nest gave it (`@Res()`). */
export class AnswerReader {
  private readonly chunks: Buffer[] = [];
  private sizeBytes = 0;

  private constructor(private readonly response: Writable) {
    for (const name of ['write', 'end'] as const) this.readAlong(name);
  }

  /** `null` where the method cannot write the answer, because it does not take the response. */
  static of({ response }: HttpExchange, args: readonly unknown[]): AnswerReader | null {
    const stream = isStream(response) ? response : response['raw'];
    return args.includes(response) && isStream(stream) ? new AnswerReader(stream) : null;
  }

  /** Tells the answer once it is over, be it that it was before. */
  whenOver(tell: (answer: WrittenAnswer) => void): void {
    finished(this.response, (error) => tell(this.answer(!error)));
  }

  private readAlong(name: 'write' | 'end'): void {
    const original: unknown = this.response[name];
    if (typeof original !== 'function') return;
    const keep = (chunk: unknown, encoding: unknown) => this.keep(chunk, encoding);
    const reading = function (this: unknown, ...args: unknown[]): unknown {
      keep(args[0], args[1]);
      return Reflect.apply(original, this, args);
    };
    Reflect.set(this.response, name, reading);
  }

  private keep(chunk: unknown, encoding: unknown): void {
    if (this.sizeBytes > CALL_BODY_BYTES) return;
    const bytes = bytesOf(chunk, encoding);
    if (!bytes) return;
    this.chunks.push(bytes.subarray(0, CALL_BODY_BYTES + 1));
    this.sizeBytes += bytes.length;
  }

  private answer(complete: boolean): WrittenAnswer {
    const status: unknown = Reflect.get(this.response, 'statusCode');
    const type = this.header('content-type');
    return {
      status: typeof status === 'number' ? status : 200,
      body: this.body(),
      contentType: typeof type === 'string' ? type : null,
      complete,
    };
  }

  private header(name: string): unknown {
    const getHeader: unknown = Reflect.get(this.response, 'getHeader');
    return typeof getHeader === 'function' ? Reflect.apply(getHeader, this.response, [name]) : null;
  }

  private body(): unknown {
    if (this.sizeBytes === 0) return undefined;
    const bytes = Buffer.concat(this.chunks);
    const text = bytes.toString('utf8');
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer | null {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk);
  if (typeof chunk !== 'string') return null;
  return Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}

const isStream = (value: unknown): value is Writable =>
  isRecord(value) && typeof value['write'] === 'function' && typeof value['end'] === 'function';
