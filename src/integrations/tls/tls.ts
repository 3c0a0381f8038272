/** A certificate as it may be shown. */
export interface CertificateFacts {
  subject: string;
  issuer: string;
  validFrom: Date;
  expiresAt: Date;
  /** SHA-256, as hex pairs joined by colons. */
  fingerprint256: string;
}

/** TLS credentials of an integration: what may be read back, and the reference to the rest. */
export interface StoredTls {
  secretId: string;
  /** What calls authenticate by; `null`: they do not. */
  clientCertificate: CertificateFacts | null;
  /** Whom they trust beside the public authorities. */
  authorities: CertificateFacts[];
}
