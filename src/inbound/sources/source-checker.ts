import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../../actions/action-catalogue.js';
import { faultOf } from '../../common/fault-of.js';
import type { FieldFault } from '../../common/field-fault.js';
import { type ParsedShape, parseShape } from '../../common/parse-shape.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import { isSensitiveName } from '../../common/redaction.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import { BodySchemas } from '../../integrations/schemas/body-schemas.js';
import { parseAddressRanges } from '../../security/outbound-http/address-guard.js';
import { checkEndpointUrl } from '../../security/outbound-http/url-safety.js';
import { parseVerification } from '../verification/verification-schemes.js';
import { isPlace, PLACE_FORM } from '../webhook.js';
import { type HandlingInput, parseHandling } from './handling-input.js';
import type { InboundSourceConfig, StoredVerification } from './inbound-source.js';
import { SourceInput } from './source-input.dto.js';
import { SourceInvalidError } from './source-invalid.error.js';
import type { EnteredVerification } from './source-secrets.js';

const MAX_CONTEXT = 10;
const CONTEXT_NAME = /^[A-Za-z_]\w{0,63}$/;
/** Every log of a webhook has them, or is of them. */
const OWN_NAMES = ['webhookId', 'webhookType', 'tenantId'];

export interface CheckedSource {
  readonly config: Omit<InboundSourceConfig, 'verification' | 'handling'>;
  /** Stored already where it stays. */
  readonly verification: EnteredVerification | StoredVerification;
  readonly handling: HandlingInput;
}

/** Reads a source as a person sent it and finds everything that would keep its webhooks from being taken or worked on. */
@Injectable()
export class SourceChecker {
  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly sandbox: ExpressionSandbox,
    private readonly schemas: BodySchemas,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * `kept`: the verification that is there already and stays; what was sent names none.
   * @throws SourceInvalidError naming every fault at once.
   */
  async check(raw: unknown, kept: StoredVerification | null): Promise<CheckedSource> {
    const entered = isRecord(raw) ? raw : {};
    const parsed = parseShape(SourceInput, kept ? { ...entered, verification: { kind: kept.kind } } : raw);
    const handling = parseHandling(entered['handling'] ?? { kind: 'handler' });
    const allowedAddresses = textsIn(entered['allowCidrs']);
    const verification = this.verificationOf(entered['verification'], kept, allowedAddresses);
    // From the input as it came: a copy made by class-transformer need not have the same members.
    const schemaJson = isRecord(entered['schema']) ? JSON.stringify(entered['schema']) : null;
    const faults = [parsed, handling, verification].flatMap((part) => (part.ok ? [] : part.faults));
    faults.push(...allowedAddresses.flatMap(rangeFaults));
    if (isRecord(entered['context'])) faults.push(...contextFaults(entered['context']));
    if (handling.ok) faults.push(...(await this.handlingFaults(handling.value)));
    if (schemaJson !== null) faults.push(...(await this.schemas.faultsIn('schema', schemaJson)));
    if (!parsed.ok || !handling.ok || !verification.ok || faults.length > 0) throw new SourceInvalidError(faults);
    const { verification: _verification, handling: _handling, schema: _schema, ...config } = parsed.value;
    return { config: { ...config, schemaJson }, verification: verification.value, handling: handling.value };
  }

  /** What has no secrets is checked anew where it stays: the addresses that it leans on may be others. */
  private verificationOf(
    entered: unknown,
    kept: StoredVerification | null,
    allowedAddresses: readonly string[],
  ): ParsedShape<EnteredVerification | StoredVerification> {
    if (kept && kept.secretId !== null) return { ok: true, value: kept };
    const { allowCidrs } = this.settings.network;
    const again = kept && { kind: kept.kind, ...kept.settings };
    const parsed = parseVerification(again ?? entered, { allowCidrs, allowedAddresses });
    if (!parsed.ok) return parsed;
    return { ok: true, value: kept ?? { kind: parsed.kind, ...parsed.value } };
  }

  private async handlingFaults(handling: HandlingInput): Promise<FieldFault[]> {
    if (handling.kind === 'handler') return [];
    if (handling.kind === 'forward') {
      const { allowCidrs } = this.settings.network;
      return faultOf('handling.url', () => checkEndpointUrl(handling.url, allowCidrs));
    }
    const { actionId, mapping } = handling;
    const unknown = {
      field: 'handling.actionId',
      expected: 'must be an action that GET /v1/actions lists',
      received: String(actionId),
    };
    const isKnown = (await this.catalogue.find(actionId)) !== null;
    return [...(isKnown ? [] : [unknown]), ...faultOf('handling.mapping', () => this.sandbox.check(mapping))];
  }
}

function contextFaults(context: Readonly<Record<string, unknown>>): FieldFault[] {
  const entries = Object.entries(context);
  const expected = `must be ${MAX_CONTEXT} at the most`;
  const tooMany = { field: 'context', expected, received: String(entries.length) };
  const faults = entries.flatMap(([name, place]) => {
    const field = `context.${name}`;
    if (!CONTEXT_NAME.test(name) || OWN_NAMES.includes(name) || isSensitiveName(name))
      return [
        {
          field,
          expected: `must be named by a letter or _, then letters, digits and _ (64 at the most), not ${OWN_NAMES.join(' or ')}, and not like a secret`,
          received: 'another name',
        },
      ];
    return typeof place === 'string' && isPlace(place)
      ? []
      : [{ field, expected: PLACE_FORM, received: kindOf(place) }];
  });
  return entries.length > MAX_CONTEXT ? [tooMany, ...faults] : faults;
}

function rangeFaults(range: string, index: number): FieldFault[] {
  const expected = 'must be a range such as 203.0.113.0/24 or 2001:db8::/32, or a single address';
  return faultOf(`allowCidrs.${index}`, () => parseAddressRanges([range])).map((fault) => ({ ...fault, expected }));
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one: unknown) => typeof one === 'string') : [];
