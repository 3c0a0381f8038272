import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { FieldFault } from '../../common/field-fault.js';
import type { TlsMaterial } from '../../security/outbound-http/tls-agents.js';
import type { TlsInput } from './tls.dto.js';
import type { CertificateFacts, StoredTls } from './tls.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** TLS credentials that were read and found to work. */
export interface ReadTls extends Omit<StoredTls, 'secretId'> {
  readonly material: TlsMaterial;
}

export type TlsReading =
  { readonly ok: true; readonly value: ReadTls } | { readonly ok: false; readonly faults: FieldFault[] };

/** Reads what a person entered: everything must parse, the key must be the certificate's, and nothing may have expired. */
export function readTls(input: TlsInput, now: Date): TlsReading {
  const chain = readCertificates('tls.certificate', input.certificate, now);
  const authorities = readCertificates('tls.ca', input.ca, now);
  const key = readKey(input);
  const [leaf = null] = chain.certificates;
  const faults = [...chain.faults, ...authorities.faults, ...key.faults, ...togetherFaults(input)];
  if (faults.length === 0 && leaf && key.key && !leaf.checkPrivateKey(key.key))
    faults.push({ field: 'tls.privateKey', expected: 'must be the key of tls.certificate', received: 'another key' });
  if (faults.length > 0) return { ok: false, faults };
  const material: TlsMaterial = {
    certificate: input.certificate ?? null,
    privateKey: key.key ? String(key.key.export({ type: 'pkcs8', format: 'pem' })) : null,
    ca: input.ca ?? null,
  };
  const clientCertificate = leaf && factsOf(leaf);
  return { ok: true, value: { material, clientCertificate, authorities: authorities.certificates.map(factsOf) } };
}

function togetherFaults({ certificate, privateKey, ca }: TlsInput): FieldFault[] {
  const faults: FieldFault[] = [];
  const missing = (field: string, expected: string) => faults.push({ field, expected, received: 'missing' });
  if (certificate !== undefined && privateKey === undefined)
    missing('tls.privateKey', 'must be set beside certificate');
  if (privateKey !== undefined && certificate === undefined)
    missing('tls.certificate', 'must be set beside privateKey');
  if (certificate === undefined && privateKey === undefined && ca === undefined)
    missing('tls', 'must hold certificate and privateKey, or ca, or all of them');
  return faults;
}

function readCertificates(field: string, pem: string | undefined, now: Date) {
  if (pem === undefined) return { certificates: [], faults: [] };
  const fault = (expected: string) => ({ certificates: [], faults: [{ field, expected, received: 'string' }] });
  try {
    const certificates = (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
    if (certificates.length === 0) return fault('must be one or more certificates in PEM');
    const expired = certificates.find(({ validTo }) => new Date(validTo) <= now);
    if (expired) return fault(`must not have expired, as it did on ${new Date(expired.validTo).toISOString()}`);
    return { certificates, faults: [] };
  } catch {
    return fault('must be one or more certificates in PEM');
  }
}

function readKey({ privateKey, passphrase }: TlsInput): { key: KeyObject | null; faults: FieldFault[] } {
  if (privateKey === undefined) return { key: null, faults: [] };
  try {
    // Without a passphrase OpenSSL would ask the terminal for it.
    return { key: createPrivateKey({ key: privateKey, format: 'pem', passphrase: passphrase ?? '' }), faults: [] };
  } catch {
    const expected = 'must be a private key in PEM, with its passphrase in tls.passphrase where it is encrypted';
    return { key: null, faults: [{ field: 'tls.privateKey', expected, received: 'string' }] };
  }
}

const factsOf = ({ subject, issuer, validFrom, validTo, fingerprint256 }: X509Certificate): CertificateFacts => ({
  subject: oneLine(subject),
  issuer: oneLine(issuer),
  validFrom: new Date(validFrom),
  expiresAt: new Date(validTo),
  fingerprint256,
});

/** Node writes each part of a name on a line of its own. */
const oneLine = (name: string) => name.split('\n').join(', ');
