import { isSensitiveName } from '../common/redaction.js';

/** Properties of an authentication mechanism, such as `AWS_SESSION_TOKEN:...`. */
const SECRET_PARAMETERS = new Set(['authmechanismproperties']);

/**
 * The secrets in an environment of the server, each as it stands there: keys, passwords of connection strings, and their
 * parameters with sensitive names. Faulty values are searched too: it is those that end up in messages.
 */
export function secretValuesOf(env: Readonly<Record<string, string | undefined>>): string[] {
  const keys = (env['WAYBILL_SECRET_KEYS'] ?? '').split(',').map((pair) => pair.slice(pair.indexOf(':') + 1).trim());
  const inUris = [env['MONGODB_URI'], env['REDIS_URL']].flatMap((uri) => [...passwordsIn(uri), ...parametersIn(uri)]);
  return [...keys, ...inUris.flatMap((value) => [value, decoded(value)])].filter((value) => value !== '');
}

/** A password may hold a `/` or an `@` that should have been encoded: what is before the first and the last counts. */
function passwordsIn(uri = ''): string[] {
  const userInfos = [/^[^/]*\/\/([^/?#]*)@/, /^[^/]*\/\/(.*)@/].map((pattern) => pattern.exec(uri)?.[1] ?? '');
  return userInfos.flatMap((userInfo) => (userInfo.includes(':') ? [userInfo.slice(userInfo.indexOf(':') + 1)] : []));
}

function parametersIn(uri = ''): string[] {
  const [, query = ''] = uri.split('?');
  return query.split('&').flatMap((parameter) => {
    const [name = '', ...value] = parameter.split('=');
    return isSensitiveName(name) || SECRET_PARAMETERS.has(name.toLowerCase()) ? [value.join('=')] : [];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
