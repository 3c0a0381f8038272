/**
 * The fields of FHIR R4 resources that the lab reads, each of them optional until it was looked at: a file may hold
 * anything. See https://hl7.org/fhir/R4/.
 */
interface Reference {
  readonly reference?: string;
}

export interface CodeableConcept {
  readonly text?: string;
  readonly coding?: readonly { readonly system?: string; readonly code?: string; readonly display?: string }[];
}

export interface Patient {
  readonly resourceType: 'Patient';
  readonly id?: string;
  readonly identifier?: readonly { readonly type?: CodeableConcept; readonly value?: string }[];
  readonly name?: readonly { readonly use?: string; readonly family?: string; readonly given?: readonly string[] }[];
  readonly telecom?: readonly { readonly system?: string; readonly value?: string }[];
  readonly gender?: string;
  readonly birthDate?: string;
}

export interface DiagnosticReport {
  readonly resourceType: 'DiagnosticReport';
  readonly code?: CodeableConcept;
  readonly encounter?: Reference;
  readonly result?: readonly Reference[];
}

export interface Observation {
  readonly resourceType: 'Observation';
  readonly code?: CodeableConcept;
  readonly valueQuantity?: { readonly value?: number; readonly unit?: string };
  readonly valueCodeableConcept?: CodeableConcept;
  readonly valueString?: string;
}

export interface Claim {
  readonly resourceType: 'Claim';
  readonly item?: readonly {
    readonly productOrService?: CodeableConcept;
    readonly encounter?: readonly Reference[];
    readonly net?: { readonly value?: number; readonly currency?: string };
  }[];
  readonly total?: { readonly value?: number; readonly currency?: string };
}

export type Resource = Patient | DiagnosticReport | Observation | Claim;
