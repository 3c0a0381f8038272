import { LABS } from '../lab/labs.js';
import { PatientRegistered } from '../lab/patients/patient.actions.js';
import { ReportSigned } from '../lab/reports/report.actions.js';
import { bearer } from './credential.js';
import { valueAt, type Vendor, type VendorCall } from './vendor.js';

const PATIENT_BUNDLE = `{
  "resourceType": "Bundle",
  "type": "transaction",
  "entry": [{
    "resource": {
      "resourceType": "Patient",
      "identifier": [{ "value": data.mrn }, { "value": data._id }],
      "name": [{ "family": data.family, "given": [data.given] }],
      "birthDate": data.birthDate,
      "gender": data.sex,
      "telecom": data.phone ? [{ "system": "phone", "value": data.phone }]
    },
    "request": { "method": "PUT", "url": "Patient/" & data._id }
  }]
}`;

/** The PDF is attached to `report.pdf` just before sending, so the mapping need not know it. */
const REPORT = `{
  "report": {
    "resourceType": "DiagnosticReport",
    "id": data.report._id,
    "status": "final",
    "code": { "text": data.report.title },
    "subject": { "reference": "Patient/" & data.patient._id },
    "issued": data.report.signedAt,
    "contained": [data.report.findings.{
      "resourceType": "Observation",
      "code": { "coding": [{ "system": "http://loinc.org", "code": code }], "text": name },
      "valueQuantity": $type(value) = "number" ? { "value": value, "unit": unit },
      "valueString": $type(value) = "string" ? value
    }]
  }
}`;

/** The hospital's electronic health record: FHIR R4 in, 422 with an OperationOutcome for what is no valid resource. */
export const EHR: Vendor = {
  name: 'OpenChart EHR',
  labs: LABS,
  credentials: bearer,
  integrations: [
    { actionId: PatientRegistered.id, name: 'EHR: patients', path: '/fhir/bundles', mapping: PATIENT_BUNDLE },
    {
      actionId: ReportSigned.id,
      name: 'EHR: reports',
      path: '/fhir/reports/{{data.report._id}}',
      mapping: REPORT,
      attachments: [{ field: 'report.pdf', provider: 'report-pdf' }],
    },
  ],

  answer({ path, body }) {
    const problem = path === '/fhir/bundles' ? patientProblem(body) : reportProblem(body);
    if (problem === null) return { kind: 'accept', body: { resourceType: 'OperationOutcome', issue: [] } };
    const issue = [{ severity: 'error', code: 'invalid', diagnostics: problem }];
    return { kind: 'refuse', status: 422, body: { resourceType: 'OperationOutcome', issue } };
  },
};

function patientProblem(body: VendorCall['body']): string | null {
  const patient = valueAt(body, 'entry', 0, 'resource');
  if (valueAt(body, 'resourceType') !== 'Bundle' || valueAt(patient, 'resourceType') !== 'Patient')
    return 'expected a Bundle with a Patient';
  if (!isText(valueAt(patient, 'name', 0, 'family'))) return 'Patient.name.family is missing';
  if (!isText(valueAt(patient, 'birthDate'))) return 'Patient.birthDate is missing';
  const telecom = valueAt(patient, 'telecom');
  return telecom === undefined || isText(valueAt(telecom, 0, 'value')) ? null : 'Patient.telecom has no value';
}

function reportProblem(body: VendorCall['body']): string | null {
  if (valueAt(body, 'report', 'resourceType') !== 'DiagnosticReport') return 'expected a DiagnosticReport';
  const pdf = valueAt(body, 'report', 'pdf');
  const isPdf = isText(pdf) && Buffer.from(pdf.slice(0, 8), 'base64').toString('latin1').startsWith('%PDF-');
  return isPdf ? null : 'the PDF is missing or is none';
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
