/** A request as it came, before anything of it was parsed. */
export interface RawRequest {
  readonly method: string;
  /** As the caller addressed it, with its query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly receivedAt: Date;
  readonly clientIp: string;
}
