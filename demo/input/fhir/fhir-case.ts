import type { TrueCase } from '../generated-cases.js';
import { InputError } from '../input.error.js';
import type { BillItem, Observation, PatientDetails, Visit } from '../patient-case.js';
import { policyNumberFrom } from '../policy-number.js';
import type { BundleContent } from './read-bundle.js';
import type * as r4 from './r4.js';

const MEDICAL_RECORD_NUMBER = 'MR';
const SEXES: readonly PatientDetails['sex'][] = ['female', 'male', 'other', 'unknown'];

/**
 * A patient of a bundle with a visit for each DiagnosticReport whose Encounter was claimed. Bundles bring no policy
 * number along: the lab's is made from the medical record number.
 * @throws InputError where the Patient lacks what a registration needs.
 */
export function caseOfBundle(content: BundleContent): TrueCase {
  return {
    papers: detailsOf(content.patient),
    visits: content.reports.flatMap((report) => visitOf(report, content)),
  };
}

function detailsOf(patient: r4.Patient): PatientDetails {
  const name = patient.name?.find(({ use }) => use === 'official') ?? patient.name?.[0];
  const record = patient.identifier?.find(({ type }) => codeOf(type) === MEDICAL_RECORD_NUMBER);
  const mrn = record?.value ?? patient.id;
  const { birthDate } = patient;
  const [given, family] = [name?.given?.[0], name?.family];
  if (mrn === undefined) throw new InputError('has a Patient without an id or a medical record number');
  if (given === undefined || family === undefined)
    throw new InputError('has a Patient without a given and a family name');
  if (birthDate === undefined || !/^\d{4}-\d\d-\d\d$/.test(birthDate))
    throw new InputError('has a Patient without a full birthDate');
  return {
    mrn,
    given,
    family,
    birthDate,
    sex: SEXES.find((sex) => sex === patient.gender) ?? 'unknown',
    phone: patient.telecom?.find(({ system }) => system === 'phone')?.value ?? null,
    policyNumber: policyNumberFrom(mrn),
  };
}

function visitOf(report: r4.DiagnosticReport, { claims, observations }: BundleContent): Visit[] {
  const encounter = report.encounter?.reference;
  const claim = claims.find(({ item }) =>
    item?.some((line) => line.encounter?.some(({ reference }) => reference !== undefined && reference === encounter)),
  );
  if (!claim) return [];
  const findings = (report.result ?? []).flatMap(({ reference }) => observations.get(reference ?? '') ?? []);
  return [
    {
      title: titleOf(report.code, 'Laboratory report'),
      currency: claim.total?.currency ?? 'USD',
      items: itemsOf(claim),
      observations: findings.flatMap(observationOf),
      hasScan: false,
    },
  ];
}

/** The items with a price of their own, and what is left of the total: Synthea prices the visit itself in the total only. */
function itemsOf({ item = [], total }: r4.Claim): BillItem[] {
  const items = item.map(({ productOrService, net }) => ({
    code: codeOf(productOrService),
    description: titleOf(productOrService, 'Service'),
    amountCents: centsOf(net?.value),
  }));
  const rest = centsOf(total?.value) - items.reduce((sum, { amountCents }) => sum + amountCents, 0);
  return items.map((line, index) => (index === 0 ? { ...line, amountCents: line.amountCents + rest } : line));
}

function observationOf({ code, valueQuantity, valueCodeableConcept, valueString }: r4.Observation): Observation[] {
  const value = valueQuantity?.value ?? valueString ?? (valueCodeableConcept && titleOf(valueCodeableConcept, ''));
  if (value === undefined) return [];
  return [
    {
      code: codeOf(code),
      name: titleOf(code, 'Finding'),
      value: typeof value === 'number' ? Math.round(value * 100) / 100 : value,
      unit: valueQuantity?.unit ?? null,
    },
  ];
}

const centsOf = (amount: number | undefined) =>
  typeof amount === 'number' && Number.isFinite(amount) ? Math.round(amount * 100) : 0;
const codeOf = (concept: r4.CodeableConcept | undefined) => concept?.coding?.[0]?.code ?? 'unknown';
const titleOf = (concept: r4.CodeableConcept | undefined, otherwise: string) =>
  concept?.text ?? concept?.coding?.[0]?.display ?? otherwise;
