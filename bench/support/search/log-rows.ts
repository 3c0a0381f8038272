/** Rows of logs as a lab's week leaves them: the same number gives the same row, apart from when it was made. */

export const LOGS = 1_000_000;
export const LARGE_TENANT = 'bench';
const SMALL_TENANTS = Array.from({ length: 10 }, (_, index) => `bench-small-${index}`);
export const INTEGRATIONS = 30;
const ACTIONS = 12;
export const PATIENTS = 40_000;
const FAIL_SHARE = 0.08;
const QUEUED_SHARE = 0.002;
export const DAYS = 30;
const DAY_MS = 86_400_000;

const FAILURES = [
  { errorClass: 'rejected', errorCode: 'HTTP_422', text: 'Unknown patient: the birth date of # is missing' },
  { errorClass: 'rejected', errorCode: 'HTTP_400', text: 'Order # names a test that is not in the catalogue' },
  { errorClass: 'transient', errorCode: 'VENDOR_TIMEOUT', text: 'The vendor gave no answer for bill # within 5000 ms' },
  { errorClass: 'transient', errorCode: 'HTTP_503', text: 'Service unavailable, reference #' },
  { errorClass: 'auth', errorCode: 'HTTP_401', text: 'The token was refused' },
  { errorClass: 'config', errorCode: 'SECRET_MISSING', text: 'There is no secret # for the credentials' },
] as const;

export interface Dice {
  /** From 0 up to but without `below`. */
  roll(below: number): number;
}

/** mulberry32: the rows and the queries come out the same in each run. */
export function diceOf(seed: number): Dice {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { roll: (below) => Math.floor(next() * below) };
}

export const integrationIdOf = (tenantId: string, number: number) => `int_${tenantId.replaceAll('-', '')}${number}`;
export const actionIdOf = (integration: number) => 50 + (integration % ACTIONS);
export const vendorOf = (integration: number) => `Vendor ${integration % 15}`;
export const patientIdOf = (number: number) => `P-${number}`;
export const billIdOf = (number: number) => `B-${number}`;
const referenceOf = (number: number) => `A-${number}`;

/** Where the logs come from, as Waybill would have noted it with the first of them. */
export const originRows = () =>
  [LARGE_TENANT, ...SMALL_TENANTS].flatMap((tenantId) =>
    Array.from({ length: INTEGRATIONS }, (_, integration) => {
      const integrationId = integrationIdOf(tenantId, integration);
      const [vendor, actionId] = [vendorOf(integration), actionIdOf(integration)];
      return { _id: integrationId, tenantId, integrationId, vendor, actionId, direction: 'outbound' };
    }),
  );

/** Half of them are the large tenant's. */
export function logRowOf(number: number, dice: Dice, newestMs: number) {
  const tenantId = number % 2 === 0 ? LARGE_TENANT : (SMALL_TENANTS[dice.roll(SMALL_TENANTS.length)] ?? LARGE_TENANT);
  const integration = Math.min(dice.roll(INTEGRATIONS), dice.roll(INTEGRATIONS));
  const at = new Date(newestMs - dice.roll(DAYS * DAY_MS));
  const fate = dice.roll(10_000) / 10_000;
  const failure = fate < FAIL_SHARE ? (FAILURES[dice.roll(FAILURES.length)] ?? null) : null;
  const isQueued = !failure && fate < FAIL_SHARE + QUEUED_SHARE;
  const context = { tenantId, patientId: patientIdOf(dice.roll(PATIENTS)), billId: billIdOf(number) };
  const extracts = failure || isQueued ? {} : { extracts: { vendorRef: referenceOf(number) } };
  const errorMessage = failure?.text.replace('#', context.billId) ?? null;
  const status = failure ? 'FAIL' : isQueued ? 'QUEUED' : 'SUCCESS';
  const durationMs = 20 + Math.floor(dice.roll(30_000) ** 2 / 900_000);
  return {
    _id: `log_${number.toString(16).padStart(32, '0')}`,
    tenantId,
    direction: 'outbound',
    eventId: `evt_${number.toString(16).padStart(32, '0')}`,
    actionId: actionIdOf(integration),
    actionName: `action-${actionIdOf(integration)}`,
    integrationId: integrationIdOf(tenantId, integration),
    integrationName: `Integration ${integration}`,
    vendor: vendorOf(integration),
    context,
    contextKeys: [
      `patientId=${context.patientId}`,
      `billId=${context.billId}`,
      ...('extracts' in extracts ? [`extract.vendorRef=${referenceOf(number)}`] : []),
    ],
    status,
    errorClass: failure?.errorClass ?? null,
    errorCode: failure?.errorCode ?? null,
    errorMessage,
    ...(failure ? { errorKeys: errorKeysOf(failure, errorMessage ?? '') } : {}),
    attemptCount: isQueued ? 0 : 1,
    budgetFrom: 0,
    nextAttemptAt: isQueued ? new Date(newestMs + DAYS * DAY_MS) : null,
    ...extracts,
    retry: null,
    firstAttempt: isQueued ? null : attemptOf(at, durationMs, failure, errorMessage),
    lastExecutionId: isQueued ? null : `exe_${number}`,
    correlationId: `cor_${number}`,
    parentLogId: null,
    occurredAt: at,
    createdAt: at,
    updatedAt: at,
    completedAt: isQueued ? null : new Date(at.getTime() + durationMs),
  };
}

const BODY = JSON.stringify({
  resourceType: 'Patient',
  name: [{ family: 'Núñez', given: ['Ana'] }],
  text: 'x'.repeat(600),
});

function attemptOf(
  startedAt: Date,
  durationMs: number,
  failure: (typeof FAILURES)[number] | null,
  errorMessage: string | null,
) {
  return {
    executionId: 'exe_bench',
    number: 1,
    trigger: 'first',
    requestedBy: null,
    reason: null,
    startedAt,
    durationMs,
    integrationVersion: 1,
    outcome: failure ? 'fail' : 'success',
    errorClass: failure?.errorClass ?? null,
    errorCode: failure?.errorCode ?? null,
    errorMessage,
    remedy: null,
    nextAttemptAt: null,
    request: {
      method: 'POST',
      url: 'https://vendor.example/patients',
      headers: { 'content-type': 'application/json' },
      body: {
        contentType: 'application/json',
        text: BODY,
        sizeBytes: BODY.length,
        sha256: '',
        truncated: false,
        cutBytes: 0,
      },
    },
    response: { status: failure ? 422 : 200, headers: {}, body: null },
  };
}

const errorKeysOf = ({ errorClass, errorCode }: (typeof FAILURES)[number], message: string) => [
  `class=${errorClass}`,
  `code=${errorCode}`,
  ...new Set((message.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? []).map((word) => `word=${word}`)),
];
