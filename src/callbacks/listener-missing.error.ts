import { WaybillError } from '../common/waybill.error.js';

/** The process that emitted has a listener, this one has none: another version, or a worker with fewer classes. */
export class ListenerMissingError extends WaybillError {
  readonly code = 'STATUS_LISTENER_MISSING';
  readonly stage = 'callback';
  readonly remedy = 'List the class with @OnIntegrationStatus in a forFeature of every worker, as its intents are.';

  constructor({ id, name }: { readonly id: number; readonly name: string }) {
    super(`This worker has no status listener of action ${id} (${name})`);
  }
}
