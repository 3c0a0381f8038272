import type { HttpExchange } from './http-exchange.js';
import type { IntegrationLoggerOptions } from './integration-logger.options.js';

/** A call of a decorated method, as its log is made from it. */
export interface ObservedCall {
  readonly className: string;
  readonly method: string;
  readonly options: IntegrationLoggerOptions;
  readonly args: readonly unknown[];
  /** The HTTP request that Nest makes this call for; `null` for every other call. */
  readonly exchange: HttpExchange | null;
}

/** What the decorator hands each call to. It answers with exactly what `run` answers, or throws what it throws. */
export interface CallObserver {
  observe(call: ObservedCall, run: () => unknown): unknown;
}

/**
 * Which application's observer an object belongs to. One per process, under a global symbol, so that two installed copies
 * of this package see each other's decorators; by instance, so that two applications in one process keep apart.
 */
type Observers = WeakMap<object, CallObserver>;
const OBSERVERS = Symbol.for('waybill:call-observers');

function observers(): Observers {
  const shared: unknown = Reflect.get(globalThis, OBSERVERS);
  if (shared instanceof WeakMap) return shared;
  const created: Observers = new WeakMap();
  Reflect.set(globalThis, OBSERVERS, created);
  return created;
}

/** `owner`: a provider's instance, or its class where instances are made per request. */
export const setCallObserver = (owner: object, observer: CallObserver): void => void observers().set(owner, observer);

/** `null` for an object that no Nest application with Waybill knows: its calls run without a log. */
export const findCallObserver = (instance: object | undefined): CallObserver | null =>
  instance ? (observers().get(instance) ?? observers().get(instance.constructor) ?? null) : null;
