/** A request as it came, before anything of it was parsed. */
export interface RawRequest {
  readonly method: string;
  /** As the caller addressed it from outside, with its query. */
  readonly url: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly receivedAt: Date;
  /** Who called: behind a trusted proxy, the address that the proxy tells. */
  readonly clientIp: string;
  /** Who holds the other end of the connection: behind a proxy, the proxy. */
  readonly peerIp: string;
}

/** `null` where it is missing or empty. */
export const headerOf = ({ headers }: RawRequest, name: string): string | null => {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' && value !== '' ? value : null;
};

/** Path and query as they stand in the request line. */
export const targetOf = ({ url }: RawRequest): string => url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');

export const queryOf = (request: RawRequest): URLSearchParams =>
  new URLSearchParams(/\?([^#]*)/.exec(targetOf(request))?.[1] ?? '');
