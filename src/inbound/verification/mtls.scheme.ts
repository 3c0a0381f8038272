import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
} from 'class-validator';
import type { FieldFault } from '../../common/field-fault.js';
import { AUTH_NAME, AUTH_NAME_SAYS } from '../../integrations/auth/auth-header.js';
import { isWithin, parseAddressRanges } from '../../security/outbound-http/address-guard.js';
import { addressListFaults } from './address-list.js';
import { headerOf } from './raw-request.js';
import { isOneOf } from './same-credential.js';
import { curlPost, shellStart } from './shell.js';
import { defineVerificationScheme, refused, type Verified } from './verification-scheme.js';

class MtlsInput {
  @Equals('mtls')
  kind!: 'mtls';

  /** The proxies that check client certificates, as addresses or CIDR ranges. Nobody else's header is believed. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @IsString({ each: true })
  trustedProxies!: string[];

  /** Where the proxy writes the fingerprint or the subject; it must overwrite what a caller sends under this name. */
  @IsString()
  @Matches(AUTH_NAME, { message: `header ${AUTH_NAME_SAYS}` })
  header!: string;

  /** The certificate's SHA-256 or SHA-1 in hex, with colons or without; or its subject, as the proxy writes it. */
  @IsIn(['fingerprint', 'subject'])
  match: 'fingerprint' | 'subject' = 'fingerprint';

  /** The certificates that are good: several in a rotation. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @Length(1, 1_024, { each: true })
  accepted!: string[];

  /** Where the proxy says whether the certificate is valid; it must then say SUCCESS, as nginx does in `$ssl_client_verify`. */
  @IsOptional()
  @IsString()
  @Matches(AUTH_NAME, { message: `verdictHeader ${AUTH_NAME_SAYS}` })
  verdictHeader?: string;
}

/** A client certificate that a trusted proxy has checked, and tells of in a header. */
export const MTLS_SCHEME = defineVerificationScheme({
  kind: 'mtls',
  input: MtlsInput,
  check: (input) => [...addressListFaults('trustedProxies', input.trustedProxies), ...acceptedFaults(input)],
  split: ({ kind: _kind, ...settings }) => ({ settings: { ...settings }, secrets: {} }),
  verify: (request, { settings }): Verified => {
    const { trustedProxies, header, match, accepted, verdictHeader } = settings;
    if (!isWithin(request.peerIp, parseAddressRanges(trustedProxies)))
      return refused(`the connection comes from ${request.peerIp}, which is no trusted proxy`);
    if (verdictHeader !== undefined && headerOf(request, verdictHeader) !== 'SUCCESS')
      return refused(
        `header ${verdictHeader.toLowerCase()} must say SUCCESS: the proxy did not accept the certificate`,
      );
    const told = headerOf(request, header);
    if (told === null) return refused(`header ${header.toLowerCase()} is missing: there was no client certificate`);
    const read = READERS[match];
    return isOneOf(read(told), accepted.map(read))
      ? { ok: true }
      : refused(`the certificate's ${match} is not accepted`);
  },
  example: ({ match }, url) => ({
    steps: [
      `Send the request with your client certificate. Its ${match} has to be set here.`,
      ...(match === 'fingerprint' ? ['openssl x509 -noout -fingerprint -sha256 -in "$CERTIFICATE" shows it.'] : []),
    ],
    variables: [
      { name: 'CERTIFICATE', meaning: 'the file with your client certificate in PEM' },
      { name: 'PRIVATE_KEY', meaning: 'the file with its private key in PEM' },
    ],
    commands: [...shellStart(url), curlPost([], '--cert "$CERTIFICATE" --key "$PRIVATE_KEY" "$URL"')].join('\n'),
  }),
});

const READERS = {
  fingerprint: (text: string) => text.replaceAll(':', '').toLowerCase(),
  subject: (text: string) => text,
} as const;

const acceptedFaults = ({ match, accepted }: MtlsInput): FieldFault[] =>
  match === 'subject' || accepted.every((text) => /^([\da-f]{40}|[\da-f]{64})$/.test(READERS.fingerprint(text)))
    ? []
    : [{ field: 'accepted', expected: 'must each be a SHA-256 or SHA-1 in hex', received: 'array' }];
