import type { Response, Test } from 'supertest';
import type { TestHost } from './test-host.js';

/** The API as the holder of one key calls it. */
export class ApiClient {
  constructor(
    private readonly host: Pick<TestHost, 'http'>,
    private readonly key: string,
  ) {}

  get(path: string): Test {
    return this.host.http.get(path).set('authorization', `Bearer ${this.key}`);
  }

  post(path: string, body?: object): Test {
    return this.host.http.post(path).set('authorization', `Bearer ${this.key}`).send(body);
  }

  patch(path: string, body?: object): Test {
    return this.host.http.patch(path).set('authorization', `Bearer ${this.key}`).send(body);
  }

  delete(path: string): Test {
    return this.host.http.delete(path).set('authorization', `Bearer ${this.key}`);
  }

  /** Every item of a list, read by pages of `limit`. */
  async all(path: string, limit: number): Promise<{ id: string }[]> {
    const items: { id: string }[] = [];
    let cursor: string | null = null;
    do {
      const join = path.includes('?') ? '&' : '?';
      const page: Response = await this.get(
        `${path}${join}limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      if (page.status !== 200) throw new Error(`${path}: ${page.status} ${page.text}`);
      items.push(...page.body.items);
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    return items;
  }
}
