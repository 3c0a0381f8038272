import { plainToInstance } from 'class-transformer';
import type { Lab } from '../lab/labs.js';
import { JsonClient } from './json-client.js';
import { CreatedSourceView, EventView, IntegrationView, LogDetailView, LogPageView, type LogView } from './views.js';

const PAGE_SIZE = 200;

/** Waybill over HTTP, as support staff and integrators use it. */
export class WaybillApi {
  private readonly http: JsonClient;

  constructor(url: string, key: string) {
    this.http = new JsonClient(`${url}/v1`, { authorization: `Bearer ${key}` });
  }

  async createTenant({ id, name }: Lab): Promise<void> {
    await this.http.post('/tenants', { id, name });
  }

  async createIntegration(integration: object): Promise<IntegrationView> {
    return plainToInstance(IntegrationView, await this.http.post('/integrations', integration));
  }

  async createSource(source: object): Promise<CreatedSourceView> {
    return plainToInstance(CreatedSourceView, await this.http.post('/sources', source));
  }

  /** All pages of a search, newest first. */
  async logs(filter: Readonly<Record<string, string>>): Promise<LogView[]> {
    const found: LogView[] = [];
    let cursor: string | null = null;
    do {
      const page: LogPageView = await this.page({ ...filter, ...(cursor === null ? {} : { cursor }) }, PAGE_SIZE);
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  async hasLogs(filter: Readonly<Record<string, string>>): Promise<boolean> {
    return (await this.page(filter, 1)).items.length > 0;
  }

  async log(id: string): Promise<LogDetailView> {
    return plainToInstance(LogDetailView, await this.http.get(`/logs/${id}`));
  }

  async retry(id: string, reason: string): Promise<void> {
    await this.http.post(`/logs/${id}/retry`, { reason });
  }

  async resolve(id: string, note: string): Promise<void> {
    await this.http.post(`/logs/${id}/resolve`, { note });
  }

  async event(id: string): Promise<EventView> {
    return plainToInstance(EventView, await this.http.get(`/events/${id}`));
  }

  private async page(filter: Readonly<Record<string, string>>, limit: number): Promise<LogPageView> {
    const query = new URLSearchParams({ ...filter, limit: String(limit) });
    return plainToInstance(LogPageView, await this.http.get(`/logs?${query.toString()}`));
  }
}
