import type { LogId, TenantId } from '../../common/ids.js';
import type { ContextData } from '../../common/primitives.js';
import type { Direction } from '../integration-log.js';

// Arguments are whatever the decorated method takes: only the decorated class knows their types.
// oxlint-disable-next-line typescript/no-explicit-any
type Arguments = any[];

export interface IntegrationLoggerOptions {
  /** `inbound` (default): somebody calls us. `outbound`: we call somebody. */
  readonly direction?: Direction;
  /** What support staff read as the integration's name; `Class.method` by default. */
  readonly name?: string;
  /** The vendor that the call is about. */
  readonly vendor?: string;
  /** The action that the call is about. */
  readonly action?: { readonly id: number; readonly name: string };
  /**
   * The ids the log can be found by, `tenantId` among them, from the method's arguments. By default: every `tenantId` and
   * `...Id` that is a direct property of an argument.
   */
  readonly context?: (...args: Arguments) => ContextData;
  /**
   * The QUEUED log that this call carries on. The method then answers with an `Execution`, which takes the log to SUCCESS,
   * to FAIL or to its next try; and it answers only once that is durable.
   */
  readonly continues?: (...args: Arguments) => { readonly logId: LogId; readonly tenantId: TenantId };
}
