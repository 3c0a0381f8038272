/** What a thread is asked to check. */
export interface SchemaTask {
  readonly schemaJson: string;
  /** `null`: only whether the schema itself can be used. */
  readonly valueJson: string | null;
}

/** One rule that does not hold. It has no value of what was checked. */
export interface SchemaFault {
  /** JSON Pointer (RFC 6901) into the body, or into the schema where that is at fault; empty for the whole. */
  readonly place: string;
  /** `must be string (type)` */
  readonly rule: string;
}

export type SchemaOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly invalid: 'schema' | 'value';
      /** The first of them. */
      readonly faults: readonly SchemaFault[];
      readonly faultCount: number;
    };
