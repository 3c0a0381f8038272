import type { HttpRequest } from '../../http/http-message.js';
import type { RawRequest } from '../../logging/received/raw-request.js';

/** How the caller addressed this installation, such as `https://waybill.example`. */
function originOf(request: HttpRequest): string {
  const protocol: unknown = Reflect.get(request, 'protocol');
  return `${typeof protocol === 'string' ? protocol : 'http'}://${request.headers.host ?? 'localhost'}`;
}

/**
 * Where the paths of this installation begin, as the caller of one of them addressed it, such as `https://host.example/api`.
 * `path`: with what the path that was called begins there.
 */
export function baseOf(request: HttpRequest, path: string): string {
  const { pathname } = new URL(request.originalUrl ?? request.url ?? '/', 'http://any');
  const prefixChars = Math.max(0, pathname.toLowerCase().lastIndexOf(path));
  return `${originOf(request)}${pathname.slice(0, prefixChars)}`;
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
