import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import type { FakeVendor } from './fake-vendor.js';
import type { TestHost } from './test-host.js';
import { PatientRegistered } from './test-lab.js';

let tenants = 0;

/** Emits for one integration, of a tenant of its own, and answers with the log once it is done, and its tries. */
export const delivererFor =
  (host: TestHost, vendor: FakeVendor) =>
  async (change: Readonly<Record<string, unknown>>, status: 'SUCCESS' | 'FAIL' = 'SUCCESS', patientId = 'P-1') => {
    const tenantId = `lab-deliver-${++tenants}`;
    const integration = await host.createIntegration({ url: vendor.url, tenantId, ...change });
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId });
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', status);
    return { log, integration, tries: await host.find(IntegrationLogStore).attemptsOf(log) };
  };
