import type { LogId, TenantId } from '../../common/ids.js';
import type { ContextData } from '../../common/primitives.js';
import type { RedactionSettings } from '../../common/redaction-rules.js';
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
   * The ids the log can be found by, from the method's arguments; `tenantId` among them says the tenant. By default: every
   * `...Id` that is a direct property of an argument, of a job's data, or of the parameters, query and body of an HTTP request.
   */
  readonly context?: (...args: Arguments) => ContextData;
  /**
   * The tenant, from the method's arguments. By default, the first that there is: `tenantId` of `context`, the principal of the
   * HTTP request (`request.user.tenantId`), `tenantId` of the arguments, the tenant of the call that this one is made in.
   */
  readonly tenant?: (...args: Arguments) => string | null | undefined;
  /**
   * What to hide beside what the tenant hides, and what is a secret anyway. Paths lead into the log: the arguments of a plain
   * method are the body of its request (`/request/body/0/patient/name`), of a queue job it is `/request/body/data/...`, and
   * the result is the body of the response (`/response/body/holder`).
   */
  readonly redact?: Partial<RedactionSettings>;
  /** What to keep of the result: `all` (default, up to 64 KiB), `none`, or what a function makes of it. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly keep?: 'all' | 'none' | ((result: any) => unknown);
  /**
   * The QUEUED log that this call carries on. The method then answers with an `Execution`, which takes the log to SUCCESS,
   * to FAIL or to its next try; and it answers only once that is durable.
   */
  readonly continues?: (...args: Arguments) => { readonly logId: LogId; readonly tenantId: TenantId };
}
