/** One thing that is wrong with one field. */
export class FaultDto {
  /** A dotted path, such as `context.patientId`. */
  field!: string;

  /** What was expected there, such as `must be a string`. */
  expected!: string;

  /** The kind of what was found, never its value. */
  received!: string;
}

/** What went wrong, as RFC 9457 problem details (`application/problem+json`). */
export class ProblemDto {
  /**
   * `urn:waybill:problem:` and the code in lower case.
   * @example "urn:waybill:problem:context_invalid"
   */
  type!: string;

  /** The same for every occurrence of the code. */
  title!: string;

  /** The HTTP status. */
  status!: number;

  /** What happened, to what. */
  detail!: string;

  /** The path that was called. */
  instance!: string;

  /**
   * Stable and machine-readable.
   * @example "CONTEXT_INVALID"
   */
  code!: string;

  /** What to do about it. */
  remedy!: string;

  /** Finds the log lines of this request. */
  correlationId!: string;

  /** Every faulty field, where the problem is one of fields. */
  faults?: FaultDto[];
}
