import { prefixOfHook } from '../../http/hook-address.js';
import type { HttpRequest } from '../../http/http-message.js';
import type { RawRequest } from '../../logging/received/raw-request.js';

/** How the caller addressed this installation, such as `https://waybill.example/api` where the host prefixes its routes so. */
export const baseOf = (request: HttpRequest) =>
  `${originOf(request)}${prefixOfHook(request.originalUrl ?? request.url ?? '')}`;

function originOf(request: HttpRequest): string {
  const protocol: unknown = Reflect.get(request, 'protocol');
  return `${typeof protocol === 'string' ? protocol : 'http'}://${request.headers.host ?? 'localhost'}`;
}

/** A request without its body. */
export function headOf(request: HttpRequest): Omit<RawRequest, 'body'> {
  const { method = 'POST', headers, originalUrl, url = '/', ip, socket } = request;
  const texts = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  const peerIp = socket.remoteAddress ?? '';
  return {
    method,
    url: `${originOf(request)}${originalUrl ?? url}`,
    headers: Object.fromEntries(texts.filter(([, value]) => value !== undefined)),
    receivedAt: new Date(),
    clientIp: ip ?? peerIp,
    peerIp,
  };
}
