import { withFaults } from './faults.js';
import { readFhirFolder } from './fhir/fhir-folder.js';
import { generateCases } from './generated-cases.js';
import type { PatientCase } from './patient-case.js';

const DEFAULT_PATIENTS = 200;

/** Where the patients come from: a folder of FHIR bundles, or a generator with a fixed seed. */
export interface CaseSource {
  readonly patients: number | null;
  readonly fhirFolder: string | null;
}

/** @throws InputError */
export async function loadCases({ patients, fhirFolder }: CaseSource): Promise<PatientCase[]> {
  return withFaults(
    fhirFolder === null
      ? generateCases(patients ?? DEFAULT_PATIENTS)
      : await readFhirFolder(fhirFolder, patients ?? undefined),
  );
}
