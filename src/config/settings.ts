import type { FieldFault } from '../common/field-fault.js';
import { parseShape } from '../common/parse-shape.js';
import { isPrimitive } from '../common/primitives.js';
import { Redactor } from '../common/redaction.js';
import { SettingsError } from './settings.error.js';
import { WaybillOptions } from './waybill-options.js';

/** Makes every level but the last optional: what a host writes; the defaults fill in the rest. */
export type WaybillOptionsInput = {
  [K in keyof WaybillOptions]?: WaybillOptions[K] extends string ? string : Partial<WaybillOptions[K]>;
} & Pick<WaybillOptions, 'secretKeys'> & {
    mongodb: Partial<WaybillOptions['mongodb']>;
    redis: Partial<WaybillOptions['redis']>;
  };

/** The settings in force: validated, completed by the defaults, frozen. */
export type Settings = Readonly<{ [K in keyof WaybillOptions]: Readonly<WaybillOptions[K]> }>;

export const SETTINGS = Symbol.for('waybill:settings');
/** Injects the `Role` of this process. */
export const ROLE = Symbol.for('waybill:role');

/** @throws SettingsError naming every fault at once. */
export function resolveSettings(input: WaybillOptionsInput): Settings {
  // A live connection is handed through as it is: class-transformer would copy it.
  const { connection, ...mongodb } = input.mongodb ?? {};
  const parsed = parseShape(WaybillOptions, { ...input, mongodb });
  const faults: FieldFault[] = parsed.ok ? [] : parsed.faults;
  if (connection === undefined && mongodb.uri === undefined) {
    faults.push({
      field: 'mongodb.uri',
      expected: 'must be set where no mongodb.connection is given',
      received: 'missing',
    });
  }
  if (!parsed.ok || faults.length > 0) throw new SettingsError(faults);
  if (connection) parsed.value.mongodb.connection = connection;
  for (const section of Object.values(parsed.value)) Object.freeze(section);
  return Object.freeze(parsed.value);
}

const SECRET_SETTINGS = new Set(['secretKeys']);

/** The settings as `name: value` lines for the start-up message: secrets and passwords in URLs are masked. */
export function describeSettings(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([section, value]) => {
    if (SECRET_SETTINGS.has(section)) return [`${section}: ***`];
    return Object.entries(value).map(([name, setting]) => `${section}.${name}: ${describeValue(setting)}`);
  });
}

const hidden = new Redactor();

function describeValue(value: unknown): string {
  if (typeof value === 'string') return hidden.url(value);
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(', ');
  return isPrimitive(value) ? String(value) : "(the host's)";
}
