import { closestName } from '../common/closest-name.js';
import type { FieldFault } from '../common/field-fault.js';
import { isRecord } from '../common/primitives.js';
import { SETTING_VARIABLES, type SettingVariable } from './setting-variables.js';
import { resolveSettings, type WaybillOptionsInput } from './settings.js';
import { SettingsError } from './settings.error.js';
import { readTrustedProxies, type TrustedProxies } from './trusted-proxies.js';
import { type Role, ROLES } from './waybill-options.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_PORT = 3_000;
const MAX_PORT = 65_535;

/** What the environment of a server says. */
export interface ServerEnvironment {
  readonly role: Role;
  /** `null`: a worker without PORT listens nowhere. */
  readonly port: number | null;
  readonly logLevel: LogLevel;
  readonly trustProxy: TrustedProxies;
  readonly options: WaybillOptionsInput;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Set by the tools beside the server, not read by it. */
const TOOL_VARIABLES = [
  'WAYBILL_CACHE_DIR',
  'WAYBILL_DEBIAN_MIRROR',
  'WAYBILL_DURABLE_COMMITS',
  'WAYBILL_SETUP_SECONDS',
];
/** Kubernetes sets these in every container beside a Service that is called "waybill". */
const KUBERNETES_VARIABLE = /^WAYBILL_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/** Variables of the server itself, beside those of the settings. */
const SERVER_VARIABLES = ['WAYBILL_ROLE', 'WAYBILL_LOG_LEVEL', 'WAYBILL_TRUST_PROXY', 'PORT'] as const;

/** @throws SettingsError naming every fault at once, unknown `WAYBILL_` variables included. */
export function optionsFromEnvironment(env: Environment): ServerEnvironment {
  const faults: FieldFault[] = unknownVariables(env);
  const role = oneOf('WAYBILL_ROLE', env, ROLES, 'all', faults);
  const logLevel = oneOf('WAYBILL_LOG_LEVEL', env, LOG_LEVELS, 'info', faults);
  const port = env['PORT'] ? wholeNumber('PORT', env['PORT'], faults) : null;
  if (port !== null && port > MAX_PORT)
    faults.push({ field: 'PORT', expected: `must not be greater than ${MAX_PORT}`, received: 'number' });
  const trustProxy = readTrustedProxies(env['WAYBILL_TRUST_PROXY'] || '0');
  if (trustProxy === null)
    faults.push({
      field: 'WAYBILL_TRUST_PROXY',
      expected: 'must be a number of proxies, or addresses and ranges such as 10.1.0.0/16, separated by commas',
      received: 'text',
    });
  const options = settingsOf(env, faults);
  faults.push(...settingFaults(options));
  if (faults.length > 0) throw new SettingsError(faults);
  return {
    role,
    logLevel,
    trustProxy: trustProxy ?? 0,
    port: port ?? (role === 'worker' ? null : DEFAULT_PORT),
    options,
  };
}

function settingsOf(env: Environment, faults: FieldFault[]): WaybillOptionsInput {
  const sections: Record<string, Record<string, unknown>> = { mongodb: {}, redis: {} };
  for (const setting of SETTING_VARIABLES) {
    const [section = '', name] = setting.path.split('.');
    const value = valueOf(setting, env, faults);
    if (value !== undefined && name !== undefined) sections[section] = { ...sections[section], [name]: value };
  }
  const { mongodb = {}, redis = {}, ...rest } = sections;
  return { mongodb, redis, ...rest, secretKeys: env['WAYBILL_SECRET_KEYS'] ?? '' };
}

function valueOf({ variable, kind }: SettingVariable, env: Environment, faults: FieldFault[]): unknown {
  const text = env[variable];
  // Compose files and shells hand an unset variable on as an empty one.
  if (text === undefined || text === '') return undefined;
  if (kind === 'number') return wholeNumber(variable, text, faults) ?? undefined;
  return kind === 'list' ? text.split(',').map((part) => part.trim()) : text;
}

/** What the settings classes find wrong, by the variables' names. */
function settingFaults(options: WaybillOptionsInput): FieldFault[] {
  const missing =
    options.secretKeys === '' ? [{ field: 'WAYBILL_SECRET_KEYS', expected: MUST_BE_SET, received: 'missing' }] : [];
  try {
    resolveSettings(options);
    return missing;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return [...missing, ...withVariableNames(error)];
  }
}

const MUST_BE_SET = 'must be set';

function withVariableNames({ details }: SettingsError): FieldFault[] {
  const faults: unknown[] = Array.isArray(details['faults']) ? details['faults'] : [];
  const named = faults.filter(isRecord).map(({ field, expected, received }) => {
    const setting = SETTING_VARIABLES.find(({ path }) => path === field);
    const isMissing = received === 'missing';
    return {
      field: setting?.variable ?? String(field),
      expected: isMissing ? MUST_BE_SET : String(expected),
      received: String(received),
    };
  });
  const keys = named.map(({ field, expected }) => `${field} ${expected}`);
  return named.filter((_, index) => keys.indexOf(keys[index] ?? '') === index);
}

function unknownVariables(env: Environment): FieldFault[] {
  const known: string[] = [...SETTING_VARIABLES.map(({ variable }) => variable), ...SERVER_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith('WAYBILL_') && !known.includes(name))
    .filter((name) => !TOOL_VARIABLES.includes(name) && !KUBERNETES_VARIABLE.test(name))
    .map((name) => ({
      field: name,
      expected: `is not a known setting; did you mean ${closestName(name, known) ?? ''}?`,
      received: 'text',
    }));
}

function oneOf<const T extends string>(
  variable: string,
  env: Environment,
  values: readonly T[],
  byDefault: T,
  faults: FieldFault[],
): T {
  const text = env[variable];
  if (text === undefined || text === '') return byDefault;
  const value = values.find((candidate) => candidate === text);
  if (value === undefined)
    faults.push({ field: variable, expected: `must be one of ${values.join(', ')}`, received: 'text' });
  return value ?? byDefault;
}

function wholeNumber(variable: string, text: string, faults: FieldFault[]): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  faults.push({ field: variable, expected: 'must be a whole number', received: 'text' });
  return null;
}
