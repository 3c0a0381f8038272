import { parseArgs } from 'node:util';
import { TENANT_ID_PATTERN } from '../common/ids.js';

export const KEYS_HELP = `API keys, and the keys that encrypt vendors' secrets.

  npm run keys -- create --tenant lab-12 --name "billing"    makes a key that acts for one tenant, and prints it
  npm run keys -- create --platform --name "operations"      makes a key that acts for every tenant
  npm run keys -- list                                       lists the API keys: ids, whose they are, revoked or not
  npm run keys -- revoke ID                                  every process refuses the key a second later
  npm run keys -- rotate                                     encrypts all secrets anew under the first secret key
  npm run keys -- discard KEY_ID --confirm                   gives up the secrets that a lost secret key encrypted

  --tenant ID   the tenant; it must exist (POST /v1/tenants), or give --create-tenant
  --create-tenant  creates the tenant where there is none
  --platform    a key of the platform
  --name NAME   whose it is, for the history: 1 to 120 characters
  --reason WHY  why it is done, for the audit log
  --confirm     really discards; without it, what would be lost is counted
  --help        this text

An API key is shown this once; only its hash is kept. Reads MONGODB_URI, and WAYBILL_SECRET_KEYS for rotate.`;

export type KeysCommand =
  | {
      readonly name: 'create';
      /** `null`: a key of the platform. */
      readonly tenant: string | null;
      readonly createTenant: boolean;
      readonly holder: string;
      readonly why: string | null;
    }
  | { readonly name: 'help' | 'list' }
  | { readonly name: 'rotate'; readonly why: string | null }
  | { readonly name: 'revoke'; readonly id: string; readonly why: string | null }
  | { readonly name: 'discard'; readonly keyId: string; readonly isConfirmed: boolean; readonly why: string | null };

/** What was asked for, or, as a sentence, what is wrong with it. */
export function readKeysArguments(args: readonly string[]): KeysCommand | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tenant: { type: 'string' },
      'create-tenant': { type: 'boolean', default: false },
      platform: { type: 'boolean', default: false },
      name: { type: 'string' },
      reason: { type: 'string' },
      confirm: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { name: 'help' };
  const [name = '', id, ...rest] = positionals;
  const takesId = name === 'revoke' || name === 'discard';
  if (rest.length > 0 || (!takesId && id !== undefined)) return `${name} was given too many words.`;
  if (takesId && id === undefined) return `Say which one: ${name} ID.`;
  const why = values.reason ?? null;
  switch (name) {
    case 'list':
      return { name };
    case 'rotate':
      return { name, why };
    case 'revoke':
      return { name, id: id ?? '', why };
    case 'discard':
      return { name, keyId: id ?? '', isConfirmed: values.confirm, why };
    case 'create':
      return readCreate(values, why);
    default:
      return 'Say what to do: create, list, revoke, rotate or discard.';
  }
}

interface CreateOptions {
  readonly tenant?: string | undefined;
  readonly platform: boolean;
  readonly name?: string | undefined;
  readonly 'create-tenant': boolean;
}

function readCreate(values: CreateOptions, why: string | null): KeysCommand | string {
  const { tenant, platform, name, 'create-tenant': createTenant } = values;
  if (platform === (tenant !== undefined)) return 'Give either --tenant ID or --platform.';
  if (tenant !== undefined && !TENANT_ID_PATTERN.test(tenant)) {
    return 'A tenant id has 1 to 64 lower-case letters, digits, _ or -, and starts with a letter or a digit.';
  }
  if (name === undefined || name.trim() === '' || name.length > 120) return 'Give --name with 1 to 120 characters.';
  return { name: 'create', tenant: tenant ?? null, createTenant, holder: name, why };
}
