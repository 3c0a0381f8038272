import rawBody from 'raw-body';
import { bounded } from '../../common/bounded.js';
import { isRecord } from '../../common/primitives.js';
import { WaybillError } from '../../common/waybill.error.js';
import type { HttpRequest } from '../../http/http-message.js';
import { UnreadRequestError } from './unread-request.error.js';

/** A caller that sends slower than this keeps a connection that others need. */
const BODY_WITHIN_MS = 20_000;

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

class HookBodyUnreadableError extends UnreadRequestError {
  readonly code = 'BODY_UNREADABLE';
  readonly errorClass = 'rejected';
  readonly remedy = 'Send the whole body, without pauses.';

  constructor(cause: unknown) {
    super('The body did not come to its end', 'the body did not come to its end, or came too slowly', { cause });
  }
}

/** For the host's developer: a signature is over the bytes, and they are gone. */
class RawBodyMissingError extends WaybillError {
  readonly code = 'RAW_BODY_MISSING';
  readonly stage = 'config';
  readonly remedy = 'Create the Nest application with `{ rawBody: true }`, or keep body parsers away from /hooks.';

  constructor() {
    super('A body parser of the host has read the webhook, and has not kept its bytes');
  }
}

/** The bytes of the body, as they came over the wire. @throws the errors above. */
export async function readRequestBody(request: HttpRequest, maxBytes: number): Promise<Buffer> {
  const kept: unknown = Reflect.get(request, 'rawBody');
  if (Buffer.isBuffer(kept)) {
    if (kept.length > maxBytes) throw new HookBodyTooLargeError(maxBytes, kept.length);
    return kept;
  }
  if (request.readableDidRead) throw new RawBodyMissingError();
  try {
    const length = request.headers['content-length'] ?? null;
    return await bounded(rawBody(request, { limit: maxBytes, length }), BODY_WITHIN_MS, 'Reading the body');
  } catch (error) {
    // Whatever is still to come is not read: the connection cannot be used for another request.
    request.unpipe();
    request.pause();
    if (isRecord(error) && error['type'] === 'entity.too.large')
      throw new HookBodyTooLargeError(maxBytes, declaredBytesOf(request));
    throw new HookBodyUnreadableError(error);
  }
}

function declaredBytesOf({ headers }: HttpRequest): number | null {
  const declared = headers['content-length'];
  return declared === undefined ? null : Number(declared);
}
