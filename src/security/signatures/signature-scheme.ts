/** What a signature can be made over. */
export interface SignableMessage {
  /** The delivery's id, the same on every try: `webhook-id`. */
  readonly id: string;
  readonly sentAt: Date;
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** As it goes over the wire. */
  readonly body: SignableBody;
}

/** A text counts as its UTF-8; one that is made while it is read is signed piece by piece. */
export type SignableBody = Buffer | string | { chunks(): Iterable<Buffer> };

export const piecesOf = (body: SignableBody): Iterable<Buffer | string> =>
  typeof body === 'string' || Buffer.isBuffer(body) ? [body] : body.chunks();

/**
 * One way to sign a message. `describeSignatureScheme` of `waybill/testing` says what each of them must hold to.
 */
export interface SignatureScheme {
  /** The signature as it stands in its header. @throws SigningKeyInvalidError */
  sign(message: SignableMessage, secret: string): string;
  /**
   * Whether the signature was made over this message by the owner of the secret. `key` is that secret, or what the scheme
   * gives its receivers instead. Takes the same time wherever a wrong signature differs.
   */
  verify(message: SignableMessage, key: string, signature: string): boolean;
}

/** Whole seconds since 1970 UTC, as Standard Webhooks and most vendors write a time. */
export const unixSeconds = (time: Date) => String(Math.floor(time.getTime() / 1_000));
