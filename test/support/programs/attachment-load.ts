import 'reflect-metadata';
import { Readable } from 'node:stream';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { asTenantId } from '../../../src/common/ids.js';
import {
  ActionDispatcher,
  type Attachment,
  AttachmentProvider,
  TenantService,
  WaybillModule,
} from '../../../src/index.js';
import { IntegrationChecker } from '../../../src/integrations/integration-checker.js';
import { IntegrationDirectory } from '../../../src/integrations/integration-directory.js';
import { IntegrationLogStore } from '../../../src/logging/integration-log.store.js';
import { eventually } from '../eventually.js';
import { PatientIntent, PatientRegistered, PatientRepository, PatientsModule } from '../test-lab.js';

/** What the parent wants delivered. */
export interface AttachmentLoad {
  readonly settings: Parameters<typeof WaybillModule.forRoot>[0];
  readonly url: string;
  readonly format: string;
  readonly deliveries: number;
  readonly fileBytes: number;
}

/** What it took: bytes above what the process had before, at the most. */
export interface AttachmentUsage {
  readonly statuses: readonly string[];
  /** Of the whole process, with pages that it has freed and not yet given back. */
  readonly residentBytes: number;
  /** Of buffers and objects, with those that wait for the collector. */
  readonly heldBytes: number;
}

const load: AttachmentLoad = JSON.parse(process.argv[2] ?? '');
const PIECE_BYTES = 65_536;
/** Small at first: what a process takes once, for its threads and connections, is not what a file takes. */
let fileBytes = PIECE_BYTES;

@AttachmentProvider('large')
class LargeFile {
  async provide(): Promise<Attachment> {
    const piece = Buffer.alloc(PIECE_BYTES, 'waybill');
    const pieces = Array.from({ length: fileBytes / piece.length }, () => Buffer.from(piece));
    return load.format === 'buffer'
      ? { content: Buffer.concat(pieces), contentType: 'application/pdf' }
      : { content: Readable.from(lazily(piece)), contentType: 'application/pdf' };
  }
}

function* lazily(piece: Buffer) {
  for (let sent = 0; sent < fileBytes; sent += piece.length) yield Buffer.from(piece);
}

@Module({
  imports: [
    WaybillModule.forRoot(load.settings),
    WaybillModule.forFeature({
      actions: [PatientRegistered],
      intents: [PatientIntent],
      attachments: [LargeFile],
      imports: [PatientsModule],
    }),
  ],
})
class LoadModule {}

const app = await NestFactory.createApplicationContext(LoadModule, { logger: ['error', 'fatal'] });
const tenantId = asTenantId('lab-1');
app.get(PatientRepository, { strict: false }).patients.set('P-1', { id: 'P-1', name: 'Ana', phone: null });
await app.get(TenantService, { strict: false }).create(tenantId, 'Lab one');
const checked = await app.get(IntegrationChecker, { strict: false }).check({
  actionId: PatientRegistered.id,
  name: 'Reports',
  vendor: 'Portal',
  endpoint: { url: load.url, format: load.format === 'multipart' ? 'multipart' : 'json' },
  attachments: [{ field: 'pdf', provider: 'large' }],
  retryPolicy: { maxAttempts: 1 },
});
await app.get(IntegrationDirectory, { strict: false }).create(tenantId, checked, 'test');

const dispatcher = app.get(ActionDispatcher, { strict: false });
const store = app.get(IntegrationLogStore, { strict: false });

/** Emits so many events at once. @returns the status in which each delivery ended. */
async function deliver(count: number) {
  const emitted = await Promise.all(
    Array.from({ length: count }, () => dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' })),
  );
  const statusesNow = () =>
    Promise.all(
      emitted.map(async ({ deliveries: [delivery] }) =>
        delivery ? (await store.find(tenantId, delivery.logId))?.status : undefined,
      ),
    );
  return eventually(statusesNow, (all) => all.every((status) => status !== 'QUEUED'), 60_000);
}

await deliver(1);
fileBytes = load.fileBytes;
const used = () => {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { residentBytes: rss, heldBytes: heapUsed + external };
};
const before = used();
const peak = { ...before };
const sampling = setInterval(() => {
  const now = used();
  peak.residentBytes = Math.max(peak.residentBytes, now.residentBytes);
  peak.heldBytes = Math.max(peak.heldBytes, now.heldBytes);
}, 5);
const statuses = await deliver(load.deliveries);
clearInterval(sampling);
const usage = {
  statuses: statuses.map(String),
  residentBytes: peak.residentBytes - before.residentBytes,
  heldBytes: peak.heldBytes - before.heldBytes,
} satisfies AttachmentUsage;
process.stdout.write(`${JSON.stringify(usage)}\n`);
await app.close();
