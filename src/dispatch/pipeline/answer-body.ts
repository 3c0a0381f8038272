import type { OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';

/** An answer's body as expressions read it: JSON where it is JSON, text otherwise, since vendors do not always say which. */
export function answerBodyOf({ body }: OutboundResponse): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
