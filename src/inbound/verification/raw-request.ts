import type { RawRequest } from '../../logging/received/raw-request.js';

export type { RawRequest };

/** `null` where it is missing or empty. */
export const headerOf = ({ headers }: RawRequest, name: string): string | null => {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' && value !== '' ? value : null;
};

/** Path and query as they stand in the request line. */
export const targetOf = ({ url }: RawRequest): string => url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');

export const queryOf = (request: RawRequest): URLSearchParams =>
  new URLSearchParams(/\?([^#]*)/.exec(targetOf(request))?.[1] ?? '');
