import type { CallbackKind } from '../common/callback-receiver.js';
import type { CallbackState, CallbackStates, IntegrationLog, LogSummary, StatusChange } from './integration-log.js';

/** A change with those who are to be told of it. */
export interface ChangeToTell {
  readonly kinds: readonly CallbackKind[];
  readonly change: StatusChange;
}

const MAX_MESSAGE_CHARS = 1_000;

export const seqAfterTry = (number: number) => 2 * number;
export const seqOfRetryAfterTry = (number: number) => 2 * number + 1;

type Ended = Pick<LogSummary, 'status' | 'errorClass' | 'errorCode' | 'errorMessage'>;

export const changeOf = (
  { status, errorClass, errorCode, errorMessage }: Ended,
  at: Date,
  place: { seq: number; attemptCount: number },
): StatusChange => ({
  ...place,
  status,
  at,
  errorClass,
  errorCode,
  errorMessage: errorMessage?.slice(0, MAX_MESSAGE_CHARS) ?? null,
});

/** The state of a new log that has listeners. */
export const untoldFrom = ({ kinds, change }: ChangeToTell): { callbacks: CallbackStates } => ({
  callbacks: Object.fromEntries(
    kinds.map((kind): [string, CallbackState] => [
      kind,
      { untold: [change], nextAt: change.at, failures: 0, failingSince: null, lastError: null, givenUp: 0 },
    ]),
  ),
});

export const kindsOf = ({ callbacks = {} }: Pick<IntegrationLog, 'callbacks'>): CallbackKind[] => [
  ...(callbacks.class ? (['class'] as const) : []),
  ...(callbacks.url ? (['url'] as const) : []),
];

/** What the update that moves the log has to do besides, so that no process can die between the move and this. */
export function tellingUpdate(toTell: ChangeToTell | undefined): {
  set: Record<string, Date>;
  push: { $push?: Record<string, StatusChange> };
} {
  if (!toTell) return { set: {}, push: {} };
  const { kinds, change } = toTell;
  return {
    set: Object.fromEntries(kinds.map((kind) => [`callbacks.${kind}.nextAt`, change.at])),
    push: { $push: Object.fromEntries(kinds.map((kind) => [`callbacks.${kind}.untold`, change])) },
  };
}
