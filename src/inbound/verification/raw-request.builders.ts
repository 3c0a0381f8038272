import type { RawRequest } from './raw-request.js';

/** A request as a vendor would send it before it signs. */
export const aRawRequest = (part: Partial<RawRequest> = {}): RawRequest => ({
  method: 'POST',
  url: 'https://waybill.example/hooks/hk_1?lab=12',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"type":"result.ready","name":"Läb"}'),
  receivedAt: new Date('2026-01-02T03:04:05Z'),
  clientIp: '192.0.2.7',
  peerIp: '10.0.0.5',
  ...part,
});

export const withHeaders = (request: RawRequest, headers: Record<string, string>): RawRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});
