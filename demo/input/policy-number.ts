import { createHash } from 'node:crypto';

/** What the insurer takes: `SUR-` and eight digits. */
export const POLICY_NUMBER_FORM = /^SUR-\d{8}$/;

/** The policy of a person: neither generated patients nor FHIR patients bring one along. */
export function policyNumberFrom(mrn: string): string {
  const number = createHash('sha256').update(mrn).digest().readUInt32BE() % 10 ** 8;
  return `SUR-${String(number).padStart(8, '0')}`;
}

/** As a hurried hand types it: the letter O for a digit, and one digit lost. */
export const mistyped = (policyNumber: string) => `${policyNumber.slice(0, 6)}O${policyNumber.slice(7, -1)}`;
