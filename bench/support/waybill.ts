import axios from 'axios';
import { Child } from './child.js';
import { numberIn, textIn } from './child-messages.js';
import { until } from './bounded.js';
import type { Sandbox } from './sandbox.js';
import type { Scope } from './scope.js';

const FILE = new URL('../processes/waybill.js', import.meta.url);
const EVENTS = 'action_events';
const LOGS = 'integration_logs';
const POLL_MS = 20;

export interface WaybillApi {
  readonly child: Child;
  readonly url: string;
  readonly key: string;
}

type Role = 'api' | 'worker';

/** A Waybill process of role `api`, with its HTTP server, a tenant and that tenant's key. */
export async function startApi(
  sandbox: Pick<Sandbox, 'env'>,
  scope: Scope,
  profileInto: string | null = null,
): Promise<WaybillApi> {
  const { child, ready } = await start('api', sandbox, scope, profileInto);
  return { child, url: textIn(ready, 'url'), key: textIn(ready, 'key') };
}

/** A Waybill process of role `worker`. */
export async function startWorker(
  sandbox: Sandbox,
  scope: Scope,
  profileInto: string | null = null,
): Promise<{ child: Child; readyAtMs: number }> {
  const { child, ready } = await start('worker', sandbox, scope, profileInto);
  return { child, readyAtMs: numberIn(ready, 'readyAtMs') };
}

/** `profileInto`: a folder for its CPU profile, written when it ends. */
async function start(role: Role, sandbox: Pick<Sandbox, 'env'>, scope: Scope, profileInto: string | null) {
  const profile = [`--cpu-prof-dir=${profileInto}`, `--cpu-prof-name=${role}-${Date.now()}.cpuprofile`, '--cpu-prof'];
  const started = await Child.start({
    name: `the Waybill ${role} process`,
    file: FILE,
    env: { ...sandbox.env, BENCH_ROLE: role },
    execArgv: [...process.execArgv, ...(profileInto === null ? [] : profile)],
  });
  scope.defer(() => started.child.stop());
  return started;
}

/** Integrations of one action, all to the same address, nothing mapped. */
export async function createIntegrations(
  { url, key }: WaybillApi,
  integrations: { readonly actionId: number; readonly count: number; readonly address: string },
): Promise<void> {
  for (let number = 1; number <= integrations.count; number += 1) {
    await axios.post(
      `${url}/v1/integrations`,
      {
        actionId: integrations.actionId,
        name: `Vendor ${number} of ${integrations.actionId}`,
        vendor: `vendor-${number}`,
        endpoint: { method: 'POST', url: integrations.address },
      },
      { headers: { authorization: `Bearer ${key}` } },
    );
  }
}

/** Resolves once every emit has also marked its event as complete, which it does after it has answered. */
export async function allRecorded({ connection }: Sandbox, timeoutMs: number): Promise<void> {
  const events = connection.collection(EVENTS);
  const pending = async () => (await events.findOne({ fanOutPending: true }, { projection: { _id: 1 } })) !== null;
  await until(timeoutMs, 'the events to be complete', POLL_MS, async () => !(await pending()));
}

/** Resolves with the time by which every log is SUCCESS; fails where they are not within the time. */
export async function allDelivered({ connection }: Sandbox, count: number, timeoutMs: number): Promise<number> {
  const logs = connection.collection(LOGS);
  const waiting = async () => (await logs.findOne({ status: 'QUEUED' }, { projection: { _id: 1 } })) !== null;
  await until(timeoutMs, 'the logs to be SUCCESS', POLL_MS, async () => !(await waiting()));
  const endedAtMs = Date.now();
  const succeeded = await logs.countDocuments({ status: 'SUCCESS' });
  if (succeeded !== count) throw new Error(`${succeeded} of ${count} logs are SUCCESS`);
  return endedAtMs;
}
