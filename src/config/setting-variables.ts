import { MongodbOptions, RedisOptions, WaybillOptions } from './waybill-options.js';

/** A setting and the environment variable that sets it. */
export interface SettingVariable {
  /** `delivery.concurrency` */
  readonly path: string;
  /** `WAYBILL_DELIVERY_CONCURRENCY` */
  readonly variable: string;
  readonly kind: 'text' | 'number' | 'list';
  /** Undefined where the setting has to be given. */
  readonly byDefault?: unknown;
}

/** Settings whose variables have names of their own: those that every tool knows, and the most used one. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  'mongodb.uri': 'MONGODB_URI',
  'redis.url': 'REDIS_URL',
  'network.allowCidrs': 'WAYBILL_ALLOW_CIDRS',
};

/** Every setting that a server takes from its environment, read off the settings classes. */
export const SETTING_VARIABLES: readonly SettingVariable[] = [
  variableOf('mongodb.uri', undefined),
  variableOf('mongodb.indexes', new MongodbOptions().indexes),
  variableOf('redis.url', undefined),
  variableOf('secretKeys', undefined),
  ...[...Object.entries(new WaybillOptions()), ['redis', new RedisOptions()] as const].flatMap(([section, settings]) =>
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => variableOf(`${section}.${name}`, value)),
  ),
];

function variableOf(path: string, byDefault: unknown): SettingVariable {
  const variable = OWN_NAMES[path] ?? `WAYBILL_${upperSnake(path)}`;
  const kind = typeof byDefault === 'number' ? 'number' : Array.isArray(byDefault) ? 'list' : 'text';
  return { path, variable, kind, ...(byDefault === undefined ? {} : { byDefault }) };
}

/** `delivery.takeoverAfterMs` to `DELIVERY_TAKEOVER_AFTER_MS`. */
function upperSnake(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('.', '_');
  return words.toUpperCase();
}
