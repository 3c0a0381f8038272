import { SetMetadata } from '@nestjs/common';

export const AUDITED = 'waybill:audited';

export interface AuditedOptions {
  /** What is acted upon: `integration`, `log`, ... */
  readonly subject: string;
  /**
   * Where its id stands: in the path as `:id` (default), in the body as `id`, or, where the act makes it, in the answer as
   * `id`; a second entry `<what>.done` then names it.
   */
  readonly idIn?: 'path' | 'body' | 'answer';
}

export type Auditing =
  | ({ readonly isAudited: true; readonly what: string } & AuditedOptions)
  | { readonly isAudited: false; readonly reason: string };

const mark = (auditing: Auditing) => SetMetadata(AUDITED, auditing);

/**
 * On a handler of a `WaybillController`: the act is in the audit log before the handler runs, with the `reason` of the body
 * and the names of its other fields. `what` is `<type of the subject>.<verb>`.
 */
export const Audited = (what: string, options: AuditedOptions) => mark({ isAudited: true, what, ...options });

/** On a handler that changes something and is no act of a person; `reason` says what it is instead. */
export const NotAudited = (reason: string) => mark({ isAudited: false, reason });
