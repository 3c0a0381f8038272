import { LABS } from '../../lab/labs.js';
import type { IntegrationDraft } from '../../vendors/vendor.js';
import type { VendorServer } from '../../vendors/vendor-server.js';
import { supportOf, type World } from '../world.js';

/** Short enough for a demo; a real vendor gets minutes and hours. */
const RETRY_POLICY = { maxAttempts: 6, baseDelayMs: 200, maxDelayMs: 2_000 };
const TIMEOUT_MS = 15_000;

/** Two tenants, and what each has configured for its vendors: all of it over Waybill's HTTP API. */
export async function openLab(world: World): Promise<void> {
  const { demo, narrator } = world;
  for (const lab of LABS) await demo.platform.createTenant(lab);
  let count = 0;
  for (const server of demo.vendors.all) {
    for (const { id: labId } of server.vendor.labs) {
      for (const draft of server.vendor.integrations) {
        await supportOf(world, labId).createIntegration(integrationOf(draft, server, labId));
        count += 1;
      }
    }
  }
  const names = demo.vendors.all.map(({ vendor }) => vendor.name).join(', ');
  narrator.say(`  ${LABS.map(({ name }) => name).join(' and ')} have ${count} integrations with: ${names}.`);
  narrator.say('  Whom to call, how, and with which fields is configuration; the code of the lab names no vendor.');
}

function integrationOf({ path, headers = {}, ...draft }: IntegrationDraft, server: VendorServer, labId: string) {
  return {
    ...draft,
    vendor: server.vendor.name,
    endpoint: { url: `${server.url}${path}`, headers, format: server.vendor.format ?? 'json' },
    auth: server.credentials.get(labId)?.auth ?? { kind: 'none' },
    timeoutMs: TIMEOUT_MS,
    retryPolicy: RETRY_POLICY,
  };
}
