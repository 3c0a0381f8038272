/** What came in, by the names that a path of `redact` begins with. */
export interface CallParts {
  readonly body: unknown;
  readonly query?: unknown;
  /** Of the route; they stand in the URL. */
  readonly params?: unknown;
}

/** How a call came, and so what its log shows of it. */
export interface CallSource {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | null;
  readonly clientIp?: string;
  readonly parts: CallParts;
  /** Where ids are looked for, in parts that are redacted by then; a later one wins. */
  readonly idsIn: (parts: CallParts) => readonly unknown[];
  /** The tenant of whom the transport says that it calls. */
  readonly tenantId?: unknown;
  /** Under which id the caller follows the call. */
  readonly correlationId?: unknown;
}
