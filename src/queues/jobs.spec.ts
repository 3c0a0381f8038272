import fc from 'fast-check';
import { asIntegrationId, asLogId } from '../common/ids.js';
import { parseShape } from '../common/parse-shape.js';
import { partsOfTry, tryIdOf, TriesJob } from './jobs.js';

const LOG_ID = asLogId(`log_${'0f'.repeat(16)}`);
const INTEGRATION_ID = asIntegrationId(`int_${'0f'.repeat(16)}`);

describe('TriesJob.isFormOf', () => {
  it('says of any data what the full validation says of it', () => {
    const value = (...known: unknown[]) => fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, fc.anything());
    const tryId = value(`${LOG_ID}-1`, `${LOG_ID}-21`, `${LOG_ID}-0`, `${LOG_ID}-1.5`, LOG_ID, `${LOG_ID}-1\n`);
    const data = fc.record(
      {
        v: value(1, 2, '1'),
        integrationId: value(INTEGRATION_ID, INTEGRATION_ID.toUpperCase(), ''),
        tries: fc.oneof(fc.array(tryId, { maxLength: 18 }), fc.anything()),
        extra: fc.constant(1),
      },
      { requiredKeys: ['v', 'integrationId', 'tries'] },
    );
    // Job data comes out of Redis as JSON: what JSON cannot carry never arrives.
    const arrived = fc.oneof(data, fc.anything()).map((sent): unknown => JSON.parse(JSON.stringify(sent) ?? 'null'));
    fc.assert(
      fc.property(arrived, (received) => {
        expect(TriesJob.isFormOf(received)).toBe(parseShape(TriesJob, received).ok);
      }),
      { numRuns: 1_000 },
    );
  });

  it('accepts what this version writes', () => {
    const written = Object.assign(new TriesJob(), { integrationId: INTEGRATION_ID, tries: [tryIdOf(LOG_ID, 3)] });
    expect(TriesJob.isFormOf(JSON.parse(JSON.stringify(written)))).toBe(true);
  });
});

it('takes a try id apart as it was put together', () => {
  expect(partsOfTry(tryIdOf(LOG_ID, 12))).toEqual({ logId: LOG_ID, attempt: 12 });
});
