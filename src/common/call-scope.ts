import { AsyncLocalStorage } from 'node:async_hooks';
import { type LogId, newCorrelationId, type TenantId } from './ids.js';

/** What is known about the work in progress: it lands on every log line and log row made under it. */
export interface CallScope {
  readonly correlationId: string;
  /** The log of the decorated call that is running; a call made inside it becomes its child. */
  readonly logId?: LogId;
  /** Whose call it is; a call made inside it that names nobody is theirs too. */
  readonly tenantId?: TenantId;
}

const storage = new AsyncLocalStorage<CallScope>();

export const currentCallScope = (): CallScope | undefined => storage.getStore();

export const runInCallScope = <T>(scope: CallScope, run: () => T): T => storage.run(scope, run);

/** Runs what belongs to no call in particular, such as a batch of many calls' writes. */
export const runOutsideCallScope = <T>(run: () => T): T => storage.exit(run);

/** The scope to work under: the one that is there, or a new one. */
export const ensureCallScope = (): CallScope => storage.getStore() ?? { correlationId: newCorrelationId() };
