import { isPrimitive } from '../common/primitives.js';
import { LOG_LEVELS } from './environment.js';
import { SETTING_VARIABLES, type SettingVariable } from './setting-variables.js';
import { ROLES } from './waybill-options.js';

const HEAD = `# Settings

Made from \`src/config/waybill-options.ts\` by \`npm run docs:settings\`; a test fails where it is not current.

A host gives the settings to \`WaybillModule.forRoot\` by their names; a server reads them from its environment. All faults
are named at once at the start. Sizes are bytes, times are milliseconds.

| setting | variable | default | what it is |
|---|---|---|---|
`;

const SERVER_ROWS = [
  `| (server) | \`WAYBILL_ROLE\` | \`all\` | What the process does: ${ROLES.map((role) => `\`${role}\``).join(', ')}. |`,
  '| (server) | `PORT` | `3000`; a worker: none | Where it listens. A worker with a port serves `/health` and `/metrics` only. |',
  `| (server) | \`WAYBILL_LOG_LEVEL\` | \`info\` | ${LOG_LEVELS.map((level) => `\`${level}\``).join(', ')}. |`,
  '| (server) | `WAYBILL_TRUST_PROXY` | none | Whose `X-Forwarded-For` and `X-Forwarded-Proto` say where a request comes from and at which URL: for the audit log, for the `allowCidrs` of sources, and for signatures over the URL such as those of Twilio, which all fail without it behind a proxy that ends TLS ([inbound.md](inbound.md#behind-a-proxy)). The number of proxies before the server, where nobody can reach it past them, or their addresses and ranges (`10.1.0.0/16`), separated by commas. |',
];

/** \`docs/settings.md\`, from the text of waybill-options.ts: names and defaults come from the classes, words from their docstrings. */
export function settingsPage(source: string): string {
  const words = docstringsOf(source);
  const rows = SETTING_VARIABLES.map((setting) => rowOf(setting, words.get(setting.path) ?? ''));
  return `${HEAD}${[...rows, ...SERVER_ROWS].join('\n')}\n`;
}

const rowOf = ({ path, variable, byDefault }: SettingVariable, words: string) =>
  `| \`${path}\` | \`${variable}\` | ${defaultOf(byDefault)} | ${words.replaceAll('|', '\\|')} |`;

function defaultOf(value: unknown): string {
  if (value === undefined) return 'required';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return isPrimitive(value) ? `\`${String(value)}\`` : '';
}

/** The docstring of each property, by its path: `DeliveryOptions.concurrency` is `delivery.concurrency`. */
function docstringsOf(source: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const [, className = '', body = ''] of source.matchAll(/^export class (\w+)Options \{$([\s\S]*?)^\}$/gm)) {
    const section = className === 'Waybill' ? '' : `${className.toLowerCase()}.`;
    for (const [, text = '', property = ''] of body.matchAll(
      /^ {2}\/\*\*([\s\S]*?)\*\/[\s\S]*?^ {2}(\w+)[!?]?(?::| =)/gm,
    )) {
      const path = `${section.replace('limit.', 'limits.')}${property}`;
      words.set(path, text.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim());
    }
  }
  return words;
}
