import type { GrowingShare } from '../../common/fair-byte-budget.js';
import { WaybillError } from '../../common/waybill.error.js';
import type { HttpRequest } from '../../http/http-message.js';
import { collectBody, SlowBodyError } from './body-stream.js';
import { HookBusyError } from './hook.errors.js';
import { UnreadRequestError } from './unread-request.error.js';

/** Of a header that anybody may have sent. */
const SHOWN_CHARS = 40;

class HookBodyTooLargeError extends UnreadRequestError {
  readonly code = 'REQUEST_TOO_LARGE';
  readonly errorClass = 'rejected';
  readonly remedy = 'Send less at once, or have the limit of the source raised.';

  /** `bytes`: as far as it is known without reading the body. */
  constructor(maxBytes: number, bytes: number | null) {
    const [most, all] = [maxBytes.toLocaleString('en'), bytes?.toLocaleString('en')];
    super(
      `The body has more than ${maxBytes} bytes, which this source takes at the most`,
      all === undefined
        ? `the body has more than the ${most} bytes that are taken`
        : `the body has ${all} bytes, at most ${most} are taken`,
      { details: { maxBytes } },
    );
  }
}

/** A signature is over the bytes before that, or after it: which of them is nowhere agreed. */
class HookBodyEncodedError extends UnreadRequestError {
  readonly code = 'CONTENT_ENCODING_UNSUPPORTED';
  readonly errorClass = 'rejected';
  readonly remedy = 'Send the body as it is, neither compressed nor with the header Content-Encoding.';

  constructor(encoding: string) {
    const shown = JSON.stringify(encoding.slice(0, SHOWN_CHARS));
    const verdict = `header Content-Encoding says ${shown}, bodies are taken without an encoding`;
    super(`The ${verdict}`, `the ${verdict}`);
  }
}

class HookBodyUnreadableError extends UnreadRequestError {
  readonly code = 'BODY_UNREADABLE';
  readonly errorClass = 'rejected';
  readonly remedy = 'Send the whole body without pauses, a large one at 1 Mbit/s at least.';

  constructor(cause: unknown) {
    const what = cause instanceof SlowBodyError ? cause.message : 'did not come to its end';
    super(`The body ${what}`, `the body ${what}`, { cause });
  }
}

/** For the host's developer: a signature is over the bytes, and they are gone. */
class RawBodyMissingError extends WaybillError {
  readonly code = 'RAW_BODY_MISSING';
  readonly stage = 'config';
  readonly remedy =
    'Call `setUpBodyParsers(app)` before the Nest application listens, or create it with `{ rawBody: true }`.';

  constructor() {
    super('A body parser of the host has read the webhook, and has not kept its bytes');
  }
}

/** The bytes of the body, as they came over the wire, with room for each that came. @throws HookBusyError, the errors above. */
export async function readRequestBody(request: HttpRequest, maxBytes: number, room: GrowingShare): Promise<Buffer> {
  // First of all: a parser of the host has inflated what it has kept.
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw new HookBodyEncodedError(encoding);
  const kept: unknown = Reflect.get(request, 'rawBody');
  const declaredBytes = Buffer.isBuffer(kept) ? kept.length : declaredBytesOf(request);
  if (declaredBytes !== null && declaredBytes > maxBytes) throw new HookBodyTooLargeError(maxBytes, declaredBytes);
  let receivedBytes = 0;
  const admit = (bytes: number) => {
    receivedBytes += bytes;
    if (receivedBytes > maxBytes) throw new HookBodyTooLargeError(maxBytes, null);
    if (!room.tryGrow(bytes)) throw new HookBusyError();
  };
  if (Buffer.isBuffer(kept)) {
    admit(kept.length);
    return kept;
  }
  if (request.readableDidRead) throw new RawBodyMissingError();
  try {
    return await collectBody(request, admit);
  } catch (error) {
    throw error instanceof UnreadRequestError ? error : new HookBodyUnreadableError(error);
  }
}

function declaredBytesOf({ headers }: HttpRequest): number | null {
  const declared = headers['content-length'];
  return declared === undefined ? null : Number(declared);
}
