import { LABS } from '../../lab/labs.js';
import type { IntegrationDraft } from '../../vendors/vendor.js';
import type { VendorServer } from '../../vendors/vendor-server.js';
import type { WebhookSender } from '../../vendors/webhook-sender.js';
import { supportOf, type World } from '../world.js';

/** Short enough for a demo; a real vendor gets minutes and hours. */
const RETRY_POLICY = { maxAttempts: 6, baseDelayMs: 200, maxDelayMs: 2_000 };
const TIMEOUT_MS = 15_000;

/** Two tenants, and what each has configured for its vendors, who are called and who call: all of it over Waybill's HTTP API. */
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
  for (const sender of demo.vendors.senders) await connect(world, sender);
  const names = demo.vendors.all.map(({ vendor }) => vendor.name).join(', ');
  narrator.say(`  ${LABS.map(({ name }) => name).join(' and ')} have ${count} integrations with: ${names}.`);
  const callers = demo.vendors.senders.map(({ source }) => `${source.name} (${source.signature.kind})`).join(', ');
  narrator.say(`  Each has a source, with an address and secrets of its own, for those who call: ${callers}.`);
  narrator.say('  Whom to call, how, and with which fields is configuration; the code of the lab names no vendor.');
}

/** Each lab enters the vendor's secret in a source, and tells the vendor the address, which is shown this once. */
async function connect(world: World, sender: WebhookSender): Promise<void> {
  const { signature, ...source } = sender.source;
  for (const { id: labId } of LABS) {
    const verification = { kind: signature.kind, secrets: [sender.newSecretFor(labId)] };
    const { address } = await supportOf(world, labId).createSource({ ...source, verification });
    sender.callAt(labId, `${world.demo.url}${address}`);
  }
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
