import type { ErrorClass } from '../../common/error-class.js';
import { isRecord } from '../../common/primitives.js';
import { WaybillError } from '../../common/waybill.error.js';

/** What a log says of an error that a decorated method threw. */
export interface CallFault {
  readonly errorClass: ErrorClass;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly remedy: string | null;
}

const MAX_MESSAGE_CHARS = 4_096;

/** Nobody answered, or not in time: codes of Node's sockets and DNS, of undici and axios; names of aborts. */
const TRANSIENT =
  /^(E(CONN(REFUSED|RESET|ABORTED)|TIMEDOUT|PIPE|AI_AGAIN|NOTFOUND|HOSTUNREACH|NETUNREACH)|ENOTFOUND|UND_ERR_.*|ERR_NETWORK|ERR_CANCELED|AbortError|TimeoutError)$/;

/**
 * A host's own exception is `rejected` where nothing says otherwise: the status of an HTTP answer does, and a code of a
 * connection that failed.
 */
export function faultOf(error: unknown): CallFault {
  const errorMessage = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARS);
  if (error instanceof WaybillError)
    return { errorClass: 'config', errorCode: error.code, errorMessage, remedy: error.remedy };
  const status = answerOf(error)?.status;
  if (status !== undefined) return { ...faultOfStatus(status), errorMessage };
  const name = isRecord(error) && typeof error['name'] === 'string' ? error['name'] : 'THROWN';
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : name;
  if (TRANSIENT.test(code) || TRANSIENT.test(name))
    return { errorClass: 'transient', errorCode: code, errorMessage, remedy: null };
  return { errorClass: 'rejected', errorCode: name, errorMessage, remedy: null };
}

export function faultOfStatus(status: number): CallFault {
  const errorCode = `HTTP_${status}`;
  return { errorClass: classOf(status), errorCode, errorMessage: `The answer was ${status}`, remedy: null };
}

function classOf(status: number): ErrorClass {
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'transient' : 'rejected';
}

/** An HTTP answer as an error carries it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Of Nest's exceptions what the caller is answered, of axios's errors what the vendor has answered. */
export function answerOf(error: unknown): ErrorAnswer | null {
  return exceptionAnswerOf(error) ?? vendorAnswerOf(error);
}

/** Nest's exceptions, whichever copy of Nest they are of, and those of `http-errors`, which Nest answers with too. */
export function exceptionAnswerOf(error: unknown): ErrorAnswer | null {
  if (!isRecord(error)) return null;
  const { getStatus, getResponse, statusCode, message } = error;
  if (typeof getStatus === 'function' && typeof getResponse === 'function') {
    const status: unknown = Reflect.apply(getStatus, error, []);
    return typeof status === 'number' ? { status, body: Reflect.apply(getResponse, error, []) } : null;
  }
  return typeof statusCode === 'number' && error instanceof Error ? { status: statusCode, body: message } : null;
}

function vendorAnswerOf(error: unknown): ErrorAnswer | null {
  const response = isRecord(error) ? error['response'] : null;
  if (!isRecord(response) || typeof response['status'] !== 'number') return null;
  return { status: response['status'], body: response['data'] };
}
