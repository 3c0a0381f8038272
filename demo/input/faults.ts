import type { TrueCase } from './generated-cases.js';
import { InputError } from './input.error.js';
import type { PatientCase } from './patient-case.js';
import { mistyped } from './policy-number.js';

/** Of every nine patients one has a mistyped policy number and another one no phone number: 11 % each. */
const FAULT_PERIOD = 9;
const MISTYPED_POLICY_AT = 0;
const NO_PHONE_AT = 4;

/**
 * Turns what is true into what gets typed in, with the faults that real data has: mistyped policy numbers, missing phone
 * numbers, and one report of 3 MB. Patients who bring a visit come first, so that the first fault meets a bill.
 * @throws InputError where no patient has a visit: the story needs a bill and a report.
 */
export function withFaults(cases: readonly TrueCase[]): PatientCase[] {
  const ordered = [...cases].sort((a, b) => Math.min(1, b.visits.length) - Math.min(1, a.visits.length));
  if ((ordered[0]?.visits.length ?? 0) === 0) {
    throw new InputError(
      'No patient has a DiagnosticReport with a Claim of the same Encounter, and the story needs a bill and a report. ' +
        'Give a folder with such bundles, or leave --fhir out to use generated patients.',
    );
  }
  const scanAt = ordered.length > 1 && (ordered[1]?.visits.length ?? 0) > 0 ? 1 : 0;
  return ordered.map(({ papers, visits }, index) => {
    const fault = index % FAULT_PERIOD;
    return {
      papers,
      entered: {
        ...papers,
        ...(fault === MISTYPED_POLICY_AT ? { policyNumber: mistyped(papers.policyNumber) } : {}),
        ...(fault === NO_PHONE_AT ? { phone: null } : {}),
      },
      visits: visits.map((visit, number) => ({ ...visit, hasScan: index === scanAt && number === 0 })),
    };
  });
}
