import { WaybillError } from '../common/waybill.error.js';

export class UnauditedRouteError extends WaybillError {
  readonly code = 'ROUTE_UNAUDITED';
  readonly stage = 'boot';
  readonly remedy = "Put @Audited('<subject>.<verb>', ...) on each, or @NotAudited('<why not>').";

  constructor(handlers: readonly string[]) {
    super(`Handlers that change something do not say how they are audited: ${handlers.join(', ')}`);
  }
}
