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
