import type { INestApplication } from '@nestjs/common';
import { asTenantId, ApiKeyService } from 'waybill';
import { BulkUpload } from '../lab/doors/bulk-upload.js';
import { ReceptionDesk } from '../lab/doors/reception-desk.js';
import { CITY_LAB, LABS } from '../lab/labs.js';
import { ReportPdf } from '../lab/reports/report-pdf.attachment.js';
import { JsonClient } from '../client/json-client.js';
import { WaybillApi } from '../client/waybill-api.js';
import { Vendors } from '../vendors/vendors.js';
import { type DemoServices, dropData } from './demo-services.js';
import { startApp } from './start-app.js';

/** A running demo: the lab, its vendors, and everybody's way in. */
export interface Demo {
  readonly url: string;
  readonly services: DemoServices;
  readonly vendors: Vendors;
  readonly desk: ReceptionDesk;
  readonly upload: BulkUpload;
  readonly pdf: ReportPdf;
  /** The lab's own HTTP API. */
  readonly labHttp: JsonClient;
  /** Waybill's API with a key of the platform. */
  readonly platform: WaybillApi;
  /** Waybill's API with a key of each lab. */
  readonly support: ReadonlyMap<string, WaybillApi>;
  /** A key of the first lab, for the visitor to try the API with. */
  readonly visitorKey: string;
  /** Stops everything that was started and drops what was stored. */
  close(): Promise<void>;
}

export async function startDemo(services: DemoServices, port: number): Promise<Demo> {
  const vendors = new Vendors();
  await vendors.listen();
  try {
    const { app, url } = await startApp(services, port);
    const close = () => stop(app, vendors, services);
    try {
      return { ...(await connect(app, url)), url, services, vendors, close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await Promise.allSettled([vendors.close(), dropData(services)]);
    throw error;
  }
}

async function connect(app: INestApplication, url: string) {
  const keys = app.get(ApiKeyService, { strict: false });
  const newKey = async (labId: string | null, name: string) =>
    (await keys.create(labId === null ? null : asTenantId(labId), name)).key;
  const support = new Map<string, WaybillApi>();
  for (const { id } of LABS) support.set(id, new WaybillApi(url, await newKey(id, 'support')));
  return {
    desk: app.get(ReceptionDesk, { strict: false }),
    upload: app.get(BulkUpload, { strict: false }),
    pdf: app.get(ReportPdf, { strict: false }),
    labHttp: new JsonClient(url),
    platform: new WaybillApi(url, await newKey(null, 'demo')),
    support,
    visitorKey: await newKey(CITY_LAB.id, 'visitor'),
  };
}

async function stop(app: INestApplication, vendors: Vendors, services: DemoServices): Promise<void> {
  const stopped = await Promise.allSettled([app.close()]);
  const cleaned = await Promise.allSettled([vendors.close(), dropData(services)]);
  for (const result of [...stopped, ...cleaned]) if (result.status === 'rejected') throw result.reason;
}
