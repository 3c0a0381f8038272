import type { LogId, TenantId } from '../../common/ids.js';
import type { ContextData } from '../../common/primitives.js';
import type { Direction } from '../integration-log.js';

// Arguments are whatever the decorated method takes: only the decorated class knows their types.
// oxlint-disable-next-line typescript/no-explicit-any
type Arguments = any[];

/** What must not be stored of a call, beside what is a secret by its name anyway. */
export interface CallRedaction {
  /** Keys whose values are hidden wherever they stand, compared without case, dashes, underscores and dots. */
  readonly names?: readonly string[];
  /**
   * Places whose values are hidden; `*` stands for any key or index. They start with the part of the call: `args` of a plain
   * method (`args.0.patient.name`), `data` of a queue job, `body` of an HTTP request, and `result` of each.
   */
  readonly paths?: readonly string[];
}

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
   * The ids the log can be found by, from the method's arguments; `tenantId` among them says the tenant. By default: every
   * `...Id` that is a direct property of an argument, of a job's data, or of the parameters, query and body of an HTTP request.
   */
  readonly context?: (...args: Arguments) => ContextData;
  /**
   * The tenant, from the method's arguments. By default, the first that there is: `tenantId` of `context`, the principal of the
   * HTTP request (`request.user.tenantId`), `tenantId` of the arguments, the tenant of the call that this one is made in.
   */
  readonly tenant?: (...args: Arguments) => string | null | undefined;
  /** What to hide of the arguments and of the result. */
  readonly redact?: CallRedaction;
  /** What to keep of the result: `all` (default, up to 64 KiB), `none`, or what a function makes of it. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly keep?: 'all' | 'none' | ((result: any) => unknown);
  /**
   * The QUEUED log that this call carries on. The method then answers with an `Execution`, which takes the log to SUCCESS,
   * to FAIL or to its next try; and it answers only once that is durable.
   */
  readonly continues?: (...args: Arguments) => { readonly logId: LogId; readonly tenantId: TenantId };
}
