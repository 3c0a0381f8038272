import { Installation } from '../support/installation.js';
import { runSchemathesis, setUpSchemathesis } from '../support/schemathesis.js';

const SET_UP_TIMEOUT_MS = 600_000;
const RUN_TIMEOUT_MS = 300_000;
/** The same requests in every run; another one finds others: `SCHEMATHESIS_SEED=2`. */
const SEED = Number(process.env['SCHEMATHESIS_SEED'] ?? 1);

/** What a program finds that reads the description only, and sends what it allows and what it does not. */
describe('the whole API, against its description', () => {
  let waybill: Installation;

  beforeAll(setUpSchemathesis, SET_UP_TIMEOUT_MS);

  beforeAll(async () => {
    waybill = await Installation.start('schemathesis');
    await waybill.call('POST', '/v1/tenants', { id: 'lab-1', name: 'Lab one' });
  });

  afterAll(() => waybill.close());

  it(
    `answers as it says, for the requests of seed ${SEED}`,
    async () => {
      const { code, report, output } = await runSchemathesis({
        document: `${waybill.api.url}/openapi.json`,
        seed: SEED,
        env: { WAYBILL_KEY: waybill.key, WAYBILL_TENANT: 'lab-1' },
      });
      if (code !== 0) throw new Error(`schemathesis ended with ${code}:\n${output}`);
      expect(report.operations.tested).toBe(report.operations.selected);
    },
    RUN_TIMEOUT_MS,
  );
});
