import { isUtf8 } from 'node:buffer';
import { isRecord } from '../../common/primitives.js';
import type { CallSource } from './call-source.js';
import type { HttpExchange } from './http-exchange.js';

/** The request as it came, before pipes made arguments of it. */
export function httpSource({ request }: HttpExchange): CallSource {
  const headers = textsOf(request['headers']);
  const clientIp = clientIpOf(request);
  return {
    method: String(request['method']),
    url: String(request['originalUrl'] ?? request['url']),
    headers,
    contentType: headers['content-type'] ?? null,
    ...(clientIp === undefined ? {} : { clientIp }),
    parts: { params: request['params'], query: request['query'], body: readable(request['body']) },
    idsIn: ({ body, query, params }) => [body, query, params],
    tenantId: tenantOf(request),
    correlationId: headers['x-correlation-id'],
  };
}

/** A body that a host takes raw, to verify its signature, is most often JSON all the same. */
function readable(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || !isUtf8(body)) return body;
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function textsOf(headers: unknown): Record<string, string> {
  if (!isRecord(headers)) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}

/** As the framework says it, which knows what proxies to trust. */
function clientIpOf({ ip, socket }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof ip === 'string') return ip;
  const address = isRecord(socket) ? socket['remoteAddress'] : undefined;
  return typeof address === 'string' ? address : undefined;
}

/** Of an API key of Waybill, or of whom the host's guard let in. */
function tenantOf({ waybillPrincipal, user }: Readonly<Record<string, unknown>>): unknown {
  const [own, hosts] = [waybillPrincipal, user].map((who) => (isRecord(who) ? who['tenantId'] : undefined));
  return own ?? hosts;
}
