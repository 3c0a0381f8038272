import { IsOptional, IsString, Length } from 'class-validator';

const MAX_PEM_CHARS = 65_536;

/** TLS of an integration's calls, beside its `auth`. PEM; private keys are written only. */
export class TlsInput {
  /** The client's certificate, followed by those between it and the vendor's authority. */
  @IsOptional()
  @IsString()
  @Length(1, MAX_PEM_CHARS)
  certificate?: string;

  /** The key of the certificate. */
  @IsOptional()
  @IsString()
  @Length(1, MAX_PEM_CHARS)
  privateKey?: string;

  /** Where the key is encrypted. It is used once, to read the key, and not kept. */
  @IsOptional()
  @IsString()
  @Length(1, 1_024)
  passphrase?: string;

  /** Authorities that are trusted beside the public ones. */
  @IsOptional()
  @IsString()
  @Length(1, MAX_PEM_CHARS)
  ca?: string;
}

export class CertificateDto {
  subject!: string;

  issuer!: string;

  validFrom!: Date;

  expiresAt!: Date;

  /** SHA-256, as hex pairs joined by colons. */
  fingerprint256!: string;
}

export class TlsDto {
  /** `null`: calls show no certificate. */
  clientCertificate!: CertificateDto | null;

  /** Those trusted beside the public ones. */
  authorities!: CertificateDto[];
}
