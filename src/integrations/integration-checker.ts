import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { faultOf } from '../common/fault-of.js';
import type { FieldFault } from '../common/field-fault.js';
import { parseShape } from '../common/parse-shape.js';
import { isSensitiveName } from '../common/redaction.js';
import { isRecord, kindOf } from '../common/primitives.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { checkEndpointUrl } from '../security/outbound-http/url-safety.js';
import { ActionCatalogue } from '../actions/action-catalogue.js';
import { FORMATS } from './bodies/body-formats.js';
import type { SplitAuth } from './auth/auth-kind.js';
import { parseAuth } from './auth/auth-kinds.js';
import { ExpressionSandbox } from './expressions/expression-sandbox.js';
import { headersSizeBytes, MAX_HEADER_VALUE_BYTES, MAX_HEADERS, MAX_HEADERS_BYTES } from './header-limits.js';
import { IntegrationInput } from './integration-input.dto.js';
import type { IntegrationConfig } from './integration.js';
import { IntegrationInvalidError } from './integration-invalid.error.js';
import { isReservedHeader } from './reserved-headers.js';
import { scheduleFault } from './retry-schedule.js';
import { BodySchemas } from './schemas/body-schemas.js';
import type { WantedSigning } from './signing/signing.js';
import { type ReadTls, readTls } from './tls/tls-credentials.js';
import { checkTemplate } from './template.js';

/** What Node's validateHeaderName and validateHeaderValue throw with. */
const INVALID_HEADER_CODES: ReadonlySet<unknown> = new Set(['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN']);

const MAX_EXTRACTS = 10;
/** As the name of a context entry: both are searched for by the same index. */
const EXTRACT_NAME = /^[A-Za-z_]\w{0,63}$/;

export interface CheckedIntegration {
  readonly config: Omit<IntegrationConfig, 'auth' | 'signing' | 'tls' | 'statusCallback'>;
  readonly tls: ReadTls | null;
  readonly signing: WantedSigning | null;
  readonly auth: SplitAuth & { readonly kind: string };
  readonly callbackUrl: string | null;
}

/** Reads an integration as a person sent it and finds everything that would make its deliveries fail. */
@Injectable()
export class IntegrationChecker {
  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly sandbox: ExpressionSandbox,
    private readonly schemas: BodySchemas,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * `keepsTls` says that TLS credentials are there already and stay.
   * @throws IntegrationInvalidError naming every fault at once.
   */
  async check(raw: unknown, { keepsTls = false } = {}): Promise<CheckedIntegration> {
    const parsed = parseShape(IntegrationInput, raw);
    const entered = isRecord(raw) && raw['auth'] !== undefined ? raw['auth'] : { kind: 'none' };
    const auth = parseAuth(entered, this.settings.network);
    const tls = parsed.ok && parsed.value.tls ? readTls(parsed.value.tls, new Date()) : null;
    const faults = [parsed, auth, tls].flatMap((part) => (part === null || part.ok ? [] : part.faults));
    if (parsed.ok) faults.push(...(await this.faultsIn(parsed.value, keepsTls || parsed.value.tls !== null)));
    // From the input as it came: a copy made by class-transformer need not have the same members.
    const schemaJson = isRecord(raw) && isRecord(raw['schema']) ? JSON.stringify(raw['schema']) : null;
    if (schemaJson !== null) faults.push(...(await this.schemas.faultsIn('schema', schemaJson)));
    if (!parsed.ok || !auth.ok || faults.length > 0) throw new IntegrationInvalidError(faults);
    const { auth: _entered, tls: _pem, schema: _schema, signing, statusCallback, ...config } = parsed.value;
    return {
      config: { ...config, schemaJson },
      signing,
      callbackUrl: statusCallback?.url ?? null,
      tls: tls?.ok ? tls.value : null,
      auth: { kind: auth.kind, ...auth.value },
    };
  }

  private async faultsIn(input: IntegrationInput, hasTls: boolean): Promise<FieldFault[]> {
    const { endpoint, statusCallback } = input;
    const { allowCidrs } = this.settings.network;
    const known = await this.catalogue.find(input.actionId);
    return [
      ...(known
        ? []
        : [
            {
              field: 'actionId',
              expected: 'must be an action that GET /v1/actions lists',
              received: String(input.actionId),
            },
          ]),
      ...(hasTls && !endpoint.url.toLowerCase().startsWith('https:')
        ? [{ field: 'endpoint.url', expected: 'must be https where tls is set', received: 'string' }]
        : []),
      ...faultOf('endpoint.url', () => {
        checkEndpointUrl(endpoint.url, allowCidrs);
        checkTemplate('endpoint.url', endpoint.url);
      }),
      ...faultOf('statusCallback.url', () => statusCallback && checkEndpointUrl(statusCallback.url, allowCidrs)),
      ...Object.entries(endpoint.headers).flatMap(([name, value]) => headerFaults(name, value)),
      ...fileFaults(input),
      ...headerSizeFaults(endpoint.headers),
      ...Object.entries(endpoint.query).flatMap(([name, value]) => valueFaults(`endpoint.query.${name}`, value)),
      ...this.expressionFaults('filter', input.filter),
      ...this.expressionFaults('mapping', input.mapping),
      ...this.expressionFaults('successRule.expression', input.successRule.expression),
      ...this.extractFaults(input.extracts),
      ...this.loggedBodyFaults(input.loggedBodyBytes),
      ...scheduleFaults(input),
    ];
  }

  private extractFaults(extracts: Readonly<Record<string, unknown>>): FieldFault[] {
    const entries = Object.entries(extracts);
    const count = entries.length;
    const tooMany = { field: 'extracts', expected: `must be ${MAX_EXTRACTS} at the most`, received: String(count) };
    const faults = entries.flatMap(([name, source]) => {
      const field = `extracts.${name}`;
      if (!EXTRACT_NAME.test(name) || isSensitiveName(name)) {
        const expected =
          'must be named by a letter or _, then letters, digits and _ (64 at the most), and not like a secret';
        return [{ field, expected, received: 'another name' }];
      }
      if (typeof source !== 'string') return [{ field, expected: 'must be JSONata', received: kindOf(source) }];
      return this.expressionFaults(field, source);
    });
    return count > MAX_EXTRACTS ? [tooMany, ...faults] : faults;
  }

  private loggedBodyFaults(bytes: number | null): FieldFault[] {
    const limit = this.settings.limits.loggedBodyBytes;
    if (bytes === null || bytes <= limit) return [];
    const expected = `must be at most ${limit}, which limits.loggedBodyBytes of this installation allows`;
    return [{ field: 'loggedBodyBytes', expected, received: String(bytes) }];
  }

  private expressionFaults(field: string, source: string | null): FieldFault[] {
    return source === null ? [] : faultOf(field, () => this.sandbox.check(source));
  }
}

/** Each file needs a place of its own; the boundary of a multipart body stands in its content type. */
function fileFaults({ endpoint: { format, headers }, attachments }: IntegrationInput): FieldFault[] {
  const faults: FieldFault[] = [];
  if (attachments.length > 0 && FORMATS[format].files === 'none')
    faults.push({
      field: 'attachments',
      expected: `must be empty where endpoint.format is ${format}, which has no place for files`,
      received: `${attachments.length} attachments`,
    });
  const names = attachments.map(({ field }) => field);
  attachments.forEach(({ field }, index) => {
    const within = names.find((name, other) => other !== index && `${field}.`.startsWith(`${name}.`));
    if (within !== undefined)
      faults.push({
        field: `attachments.${index}.field`,
        expected: `must have a place of its own; ${within} is another file`,
        received: 'string',
      });
  });
  if (FORMATS[format].files === 'parts' && Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
    faults.push({
      field: 'endpoint.headers.content-type',
      expected: `is set by Waybill itself where endpoint.format is ${format}; remove it`,
      received: 'string',
    });
  return faults;
}

function scheduleFaults({ retrySchedule }: IntegrationInput): FieldFault[] {
  const fault = retrySchedule && scheduleFault(retrySchedule);
  if (!fault) return [];
  const [name = '', ...expected] = fault.split(' ');
  return [{ field: `retrySchedule.${name}`, expected: expected.join(' '), received: 'string' }];
}

function headerFaults(name: string, value: unknown): FieldFault[] {
  const field = `endpoint.headers.${name}`;
  if (isReservedHeader(name)) {
    return [{ field, expected: 'is set by Waybill itself; remove it', received: kindOf(value) }];
  }
  if (isSensitiveName(name)) {
    return [
      {
        field,
        expected: 'looks like a credential, which would be kept in clear; put it into auth',
        received: kindOf(value),
      },
    ];
  }
  return [...headerFaultOf(field, () => validateHeaderName(name)), ...valueFaults(field, value)];
}

/** Checked before any value is filled in: what is too large now would be too large in each delivery. */
function headerSizeFaults(entered: Readonly<Record<string, unknown>>): FieldFault[] {
  const headers = Object.fromEntries(
    Object.entries(entered).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
  const count = Object.keys(headers).length;
  const sizeBytes = headersSizeBytes(headers);
  const tooLong = Object.entries(headers).filter(([, value]) => Buffer.byteLength(value) > MAX_HEADER_VALUE_BYTES);
  return [
    ...tooLong.map(([name, value]) => ({
      field: `endpoint.headers.${name}`,
      expected: `must have ${MAX_HEADER_VALUE_BYTES} bytes at the most; put long values into the body by the mapping`,
      received: `${Buffer.byteLength(value)} bytes`,
    })),
    ...(count > MAX_HEADERS
      ? [{ field: 'endpoint.headers', expected: `must be ${MAX_HEADERS} at the most`, received: `${count} headers` }]
      : []),
    ...(sizeBytes > MAX_HEADERS_BYTES
      ? [
          {
            field: 'endpoint.headers',
            expected: `must have ${MAX_HEADERS_BYTES} bytes together at the most; put long values into the body`,
            received: `${sizeBytes} bytes`,
          },
        ]
      : []),
  ];
}

function valueFaults(field: string, value: unknown): FieldFault[] {
  if (typeof value !== 'string') return [{ field, expected: 'must be a string', received: kindOf(value) }];
  return headerFaultOf(field, () => {
    validateHeaderValue('x-value', value);
    checkTemplate(field, value);
  });
}

/** As `faultOf`, of what Node refuses. */
function headerFaultOf(field: string, check: () => unknown): FieldFault[] {
  try {
    return faultOf(field, check);
  } catch (error) {
    if (!isRecord(error) || !INVALID_HEADER_CODES.has(error['code'])) throw error;
    return [{ field, expected: 'must be a valid HTTP header (RFC 9110, section 5)', received: 'string' }];
  }
}
