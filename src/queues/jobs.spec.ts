import fc from 'fast-check';
import { parseShape } from '../common/parse-shape.js';
import { DeliveryAttemptJob } from './jobs.js';

const LOG_ID = `log_${'0f'.repeat(16)}`;

describe('DeliveryAttemptJob.isFormOf', () => {
  it('says of any data what the full validation says of it', () => {
    const value = (...known: unknown[]) => fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, fc.anything());
    const data = fc.record(
      {
        v: value(1, 2, '1'),
        tenantId: value('lab-1', ''),
        logId: value(LOG_ID, LOG_ID.toUpperCase(), `${LOG_ID}\n`),
        attempt: value(1, 2, 0, -1, 1.5, '1', Number.NaN),
        extra: fc.constant(1),
      },
      { requiredKeys: ['v', 'tenantId', 'logId'] },
    );
    // Job data comes out of Redis as JSON: what JSON cannot carry never arrives.
    const arrived = fc.oneof(data, fc.anything()).map((sent): unknown => JSON.parse(JSON.stringify(sent) ?? 'null'));
    fc.assert(
      fc.property(arrived, (received) => {
        expect(DeliveryAttemptJob.isFormOf(received)).toBe(parseShape(DeliveryAttemptJob, received).ok);
      }),
      { numRuns: 1_000 },
    );
  });

  it('accepts what this version writes', () => {
    const written = Object.assign(new DeliveryAttemptJob(), { tenantId: 'lab-1', logId: LOG_ID, attempt: 1 });
    expect(DeliveryAttemptJob.isFormOf(JSON.parse(JSON.stringify(written)))).toBe(true);
  });
});
