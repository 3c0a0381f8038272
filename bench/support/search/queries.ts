import {
  actionIdOf,
  billIdOf,
  type Dice,
  INTEGRATIONS,
  integrationIdOf,
  LARGE_TENANT,
  LOGS,
  PATIENTS,
  patientIdOf,
  vendorOf,
} from './log-rows.js';

export interface SearchKind {
  readonly label: string;
  /** Another one each time, the same ones in each run. */
  readonly path: (dice: Dice, newestMs: number) => string;
}

const DAY_MS = 86_400_000;
const isoOf = (ms: number) => new Date(ms).toISOString();
const integrationOf = (dice: Dice) => integrationIdOf(LARGE_TENANT, dice.roll(INTEGRATIONS));
const search = (label: string, query: (dice: Dice, newestMs: number) => string): SearchKind => ({
  label,
  path: (dice, newestMs) => `/v1/logs?${query(dice, newestMs)}`,
});

const hourOf = (dice: Dice, newestMs: number) => {
  const fromMs = newestMs - DAY_MS - dice.roll(28 * DAY_MS);
  return `from=${isoOf(fromMs)}&to=${isoOf(fromMs + 3_600_000)}`;
};

export const SEARCHES: readonly SearchKind[] = [
  search('newest', () => ''),
  search('patient', (dice) => `context[patientId]=${patientIdOf(dice.roll(PATIENTS))}`),
  search('bill', (dice) => `context[billId]=${billIdOf(2 * dice.roll(LOGS / 2))}`),
  search('vendor reference', (dice) => `extract[vendorRef]=A-${2 * dice.roll(LOGS / 2)}`),
  search('patient, FAIL', (dice) => `context[patientId]=${patientIdOf(dice.roll(PATIENTS))}&status=FAIL`),
  search('FAIL', () => 'status=FAIL'),
  search('QUEUED', () => 'status=QUEUED'),
  search('integration', (dice) => `integrationId=${integrationOf(dice)}`),
  search('integration, FAIL', (dice) => `integrationId=${integrationOf(dice)}&status=FAIL`),
  search('action', (dice) => `actionId=${actionIdOf(dice.roll(INTEGRATIONS))}`),
  search('action, FAIL', (dice) => `actionId=${actionIdOf(dice.roll(INTEGRATIONS))}&status=FAIL`),
  search('vendor', (dice) => `vendor=${encodeURIComponent(vendorOf(dice.roll(INTEGRATIONS)))}`),
  search('vendor, FAIL', (dice) => `vendor=${encodeURIComponent(vendorOf(dice.roll(INTEGRATIONS)))}&status=FAIL`),
  search('vendor of no log', () => 'vendor=Nobody'),
  search('direction', () => 'direction=outbound'),
  search('class', () => 'errorClass=rejected'),
  search(
    'class, before a time',
    (dice, newestMs) => `errorClass=rejected&to=${isoOf(newestMs - dice.roll(28 * DAY_MS))}`,
  ),
  search('code', () => 'errorCode=HTTP_503'),
  search('words', () => 'text=birth date patient'),
  search('words with a bill', (dice) => `text=unknown patient ${billIdOf(2 * dice.roll(LOGS / 2))}`),
  search('integration, class', (dice) => `integrationId=${integrationOf(dice)}&errorClass=transient`),
  search('one hour', hourOf),
  search('FAIL in one hour', (dice, newestMs) => `${hourOf(dice, newestMs)}&status=FAIL`),
  { label: 'count of all', path: () => '/v1/logs/count' },
  {
    label: 'count of a vendor',
    path: (dice) => `/v1/logs/count?vendor=${encodeURIComponent(vendorOf(dice.roll(INTEGRATIONS)))}`,
  },
  { label: 'count of FAIL', path: () => '/v1/logs/count?status=FAIL' },
  { label: 'failure groups', path: () => '/v1/failure-groups?state=open' },
];

const monthOf = (newestMs: number) => `from=${isoOf(newestMs - 30 * DAY_MS)}&to=${isoOf(newestMs)}`;

export const ROLLUP_QUERIES: readonly SearchKind[] = [
  { label: '30 days of the tenant by hours', path: (_dice, newestMs) => `/v1/stats?${monthOf(newestMs)}&step=1h` },
  { label: '30 days of the tenant by days', path: (_dice, newestMs) => `/v1/stats?${monthOf(newestMs)}&step=1d` },
  {
    label: '30 days of an integration by hours',
    path: (dice, newestMs) => `/v1/stats?${monthOf(newestMs)}&step=1h&integrationId=${integrationOf(dice)}`,
  },
  {
    label: '30 days of an action by days',
    path: (dice, newestMs) => `/v1/stats?${monthOf(newestMs)}&step=1d&actionId=${actionIdOf(dice.roll(INTEGRATIONS))}`,
  },
];
