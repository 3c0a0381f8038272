/** An answer that is no success. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';

  constructor(
    request: string,
    readonly status: number,
    text: string,
  ) {
    super(`${request} answered ${status}: ${text.slice(0, 500)}`);
  }
}

/** Speaks JSON with one HTTP server. */
export class JsonClient {
  constructor(
    private readonly baseUrl: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  get(path: string): Promise<unknown> {
    return this.send('GET', path);
  }

  post(path: string, body: object = {}): Promise<unknown> {
    return this.send('POST', path, body);
  }

  patch(path: string, body: object): Promise<unknown> {
    return this.send('PATCH', path, body);
  }

  /** @throws HttpFailure */
  private async send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: { ...this.headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new HttpFailure(`${method} ${path}`, response.status, text);
    return JSON.parse(text);
  }
}
