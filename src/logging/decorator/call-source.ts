/** How a call came, and so what its log shows of it. */
export interface CallSource {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | null;
  readonly clientIp?: string;
  /** What came in, by the names that the paths of `redact` begin with. */
  readonly parts: Readonly<Record<string, unknown>>;
  /** What of the parts is the body; they are redacted by then. */
  readonly bodyOf: (parts: Readonly<Record<string, unknown>>) => unknown;
  /** Where ids are looked for; a later one wins. */
  readonly idsIn: (parts: Readonly<Record<string, unknown>>) => readonly unknown[];
  /** The tenant of whom the transport says that it calls. */
  readonly tenantId?: unknown;
  /** Under which id the caller follows the call. */
  readonly correlationId?: unknown;
}
