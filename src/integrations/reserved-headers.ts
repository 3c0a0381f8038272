/** Set by Waybill or by the transport; an integration that set them could break or forge a request. */
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'expect',
  'content-encoding',
]);
const RESERVED_HEADER_PREFIXES = ['webhook-', 'proxy-'];

/** Whether an integration must leave this header alone, wherever it would set it. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED_HEADERS.has(lower) || RESERVED_HEADER_PREFIXES.some((prefix) => lower.startsWith(prefix));
}
