import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../../actions/action-catalogue.js';
import { faultOf } from '../../common/fault-of.js';
import type { FieldFault } from '../../common/field-fault.js';
import { type ParsedShape, parseShape } from '../../common/parse-shape.js';
import { isRecord } from '../../common/primitives.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import { BodySchemas } from '../../integrations/schemas/body-schemas.js';
import { parseAddressRanges } from '../../security/outbound-http/address-guard.js';
import { checkEndpointUrl } from '../../security/outbound-http/url-safety.js';
import { parseVerification } from '../verification/verification-schemes.js';
import { type HandlingInput, parseHandling } from './handling-input.js';
import type { InboundSourceConfig, StoredVerification } from './inbound-source.js';
import { SourceInput } from './source-input.dto.js';
import { SourceInvalidError } from './source-invalid.error.js';
import type { EnteredVerification } from './source-secrets.js';

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

function rangeFaults(range: string, index: number): FieldFault[] {
  const expected = 'must be a range such as 203.0.113.0/24 or 2001:db8::/32, or a single address';
  return faultOf(`allowCidrs.${index}`, () => parseAddressRanges([range])).map((fault) => ({ ...fault, expected }));
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one: unknown) => typeof one === 'string') : [];
