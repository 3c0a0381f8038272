import type { PatientDetails, Visit } from './patient-case.js';
import { PANELS } from './panels.js';
import { policyNumberFrom } from './policy-number.js';
import { between, digits, mulberry32, pick } from './random.js';

/** Everything that is generated comes from it: two runs see the same patients. */
const SEED = 57;

/** Real names have accents, apostrophes, hyphens and letters that Latin-1 lacks. */
const GIVEN = {
  female: ['Ana', 'Zoë', 'Aoife', 'Mary', 'Łucja', 'Noor', 'Chloé', 'Ngozi', 'Mei-Ling', 'Sofía'],
  male: ['José', 'Björn', 'Liam', 'Tomáš', 'Kwame', 'Mohamed', 'François', 'Arjun', 'Hugo', 'Seán'],
} as const;
const FAMILY = [
  'García',
  "O'Brien",
  'Müller',
  'Nguyễn',
  'Okafor',
  'Smith-Jones',
  'Souza',
  'Dvořák',
  'Lindström',
  'Haddad',
  'Rao',
  'Yılmaz',
] as const;

export interface TrueCase {
  readonly papers: PatientDetails;
  readonly visits: readonly Visit[];
}

/** Patients with one visit each; the same ones in each run. */
export function generateCases(count: number): TrueCase[] {
  const random = mulberry32(SEED);
  return Array.from({ length: count }, (_, index) => ({
    papers: generatePatient(random, `MRN-${String(index + 1).padStart(6, '0')}`),
    visits: [generateVisit(random)],
  }));
}

function generatePatient(random: () => number, mrn: string): PatientDetails {
  const sex = pick<keyof typeof GIVEN>(random, ['female', 'male']);
  const month = String(between(random, 1, 12)).padStart(2, '0');
  const day = String(between(random, 1, 28)).padStart(2, '0');
  return {
    mrn,
    given: pick(random, GIVEN[sex]),
    family: pick(random, FAMILY),
    birthDate: `${between(random, 1932, 2024)}-${month}-${day}`,
    sex,
    phone: `+1-555-${digits(random, 7)}`,
    policyNumber: policyNumberFrom(mrn),
  };
}

function generateVisit(random: () => number): Visit {
  const { code, title, priceCents, analytes } = pick(random, PANELS);
  return {
    title,
    currency: 'USD',
    items: [
      { code, description: title, amountCents: priceCents },
      { code: '36415', description: 'Collection of venous blood', amountCents: 900 },
    ],
    observations: analytes.map(({ low, high, ...analyte }) => ({
      code: analyte.code,
      name: analyte.name,
      unit: analyte.unit,
      value: Math.round((low + random() * (high - low)) * 10) / 10,
    })),
    hasScan: false,
  };
}
