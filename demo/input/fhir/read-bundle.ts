import { InputError } from '../input.error.js';
import type { Claim, DiagnosticReport, Observation, Patient, Resource } from './r4.js';

/** What the lab reads of a bundle; everything else in it is left aside. */
export interface BundleContent {
  readonly patient: Patient;
  readonly reports: readonly DiagnosticReport[];
  readonly claims: readonly Claim[];
  /** By the `fullUrl` that reports refer to. */
  readonly observations: ReadonlyMap<string, Observation>;
}

/** The resources that are read, each with its elements that repeat. */
const LISTS: Readonly<Record<Resource['resourceType'], readonly string[]>> = {
  Patient: ['name', 'identifier', 'telecom'],
  DiagnosticReport: ['result'],
  Observation: [],
  Claim: ['item'],
};

/** @throws InputError where it is no FHIR R4 transaction bundle of one patient. */
export function readBundle(json: unknown): BundleContent {
  const observations = new Map<string, Observation>();
  const patients: Patient[] = [];
  const reports: DiagnosticReport[] = [];
  const claims: Claim[] = [];
  for (const entry of entriesOf(json)) {
    const resource = isRecord(entry) ? readResource(entry['resource']) : null;
    if (resource?.resourceType === 'Patient') patients.push(resource);
    if (resource?.resourceType === 'DiagnosticReport') reports.push(resource);
    if (resource?.resourceType === 'Claim') claims.push(resource);
    if (resource?.resourceType === 'Observation' && isRecord(entry)) {
      observations.set(String(entry['fullUrl']), resource);
    }
  }
  const [patient, second] = patients;
  if (!patient) throw new InputError('is a Bundle without a Patient; give bundles of one patient each');
  if (second) throw new InputError(`holds ${patients.length} Patients; give bundles of one patient each`);
  return { patient, reports, claims, observations };
}

function entriesOf(json: unknown): readonly unknown[] {
  if (!isRecord(json) || json['resourceType'] !== 'Bundle') {
    const kind =
      isRecord(json) && typeof json['resourceType'] === 'string' ? `a ${json['resourceType']}` : 'no resource';
    throw new InputError(`is ${kind}, not a FHIR Bundle; give transaction bundles`);
  }
  if (json['type'] !== 'transaction') {
    throw new InputError(`is a Bundle of type ${JSON.stringify(json['type'])}; give bundles of type "transaction"`);
  }
  if (!Array.isArray(json['entry'])) throw new InputError('is a Bundle whose "entry" is no list');
  return json['entry'];
}

function readResource(resource: unknown): Resource | null {
  if (!isRecord(resource) || typeof resource['resourceType'] !== 'string') {
    throw new InputError('has an entry without a resource that says its resourceType');
  }
  if (!isRead(resource)) return null;
  const broken = LISTS[resource.resourceType].find((name) => !isListOrMissing(Reflect.get(resource, name)));
  if (broken !== undefined) throw new InputError(`has a ${resource.resourceType} whose "${broken}" is no list`);
  return resource;
}

/** Every element of these types is optional, so that a reader must look before it uses one. */
const isRead = (resource: object): resource is Resource =>
  'resourceType' in resource && Object.hasOwn(LISTS, String(resource.resourceType));

const isListOrMissing = (value: unknown) => value === undefined || Array.isArray(value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
