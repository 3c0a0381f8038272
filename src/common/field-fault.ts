/** One thing that is wrong with one field of an input, in words that its sender can act on. */
export interface FieldFault {
  /** Where: a dotted path such as `context.patientId`. */
  readonly field: string;
  /** What was expected: "must be a string". */
  readonly expected: string;
  /** The kind of what was found (never its value): `number`, `array`, `missing`. */
  readonly received: string;
}

export const describeFaults = (faults: readonly FieldFault[]) =>
  faults.map(({ field, expected, received }) => `${field} ${expected} (received: ${received})`).join('; ');
