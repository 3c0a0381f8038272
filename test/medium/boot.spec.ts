import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiActionStore } from '../../src/actions/api-action.store.js';
import { CatalogueError } from '../../src/actions/catalogue.error.js';
import {
  ActionContext,
  AttachmentProvider,
  defineAction,
  IntentFor,
  OnIntegrationStatus,
  WaybillModule,
} from '../../src/index.js';
import { SecretKeysError } from '../../src/security/secrets/secret-keys.error.js';
import { DatabaseUnreachableError } from '../../src/storage/database-unreachable.error.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';
import { startTestHost } from '../support/test-host.js';

class EmptyContext extends ActionContext {}

const Billed = defineAction({ id: 1, name: 'bill.generated', context: EmptyContext });
const AlsoOne = defineAction({ id: 1, name: 'bill.cancelled', context: EmptyContext });
const SameName = defineAction({ id: 2, name: 'bill.generated', context: EmptyContext });
const NobodyRebuilds = defineAction({ id: 3, name: 'sample.lost', context: EmptyContext });
const NobodyDeclares = defineAction({ id: 4, name: 'sample.found', context: EmptyContext });

abstract class Rebuilds {
  async rebuild(): Promise<unknown> {
    return {};
  }
}

@IntentFor(Billed)
class BilledIntent extends Rebuilds {}

@IntentFor(Billed)
class SecondBilledIntent extends Rebuilds {}

@IntentFor(NobodyDeclares)
class UndeclaredIntent extends Rebuilds {}

@AttachmentProvider('pdf')
class FirstPdf {
  async provide(): Promise<null> {
    return null;
  }
}

@AttachmentProvider('pdf')
class SecondPdf {
  async provide(): Promise<null> {
    return null;
  }
}

abstract class Listens {
  onStatus(): void {}
}

@OnIntegrationStatus(Billed)
class BilledStatus extends Listens {}

@OnIntegrationStatus(Billed)
class SecondBilledStatus extends Listens {}

@OnIntegrationStatus(NobodyDeclares)
class UndeclaredStatus extends Listens {}

async function start(feature: Parameters<typeof WaybillModule.forFeature>[0], change: object = {}) {
  @Module({
    imports: [
      WaybillModule.forRoot({
        role: 'api',
        mongodb: { uri: `${mongodbUri()}${freshDatabaseName('boot')}` },
        redis: { url: redisUrl(), prefix: freshPrefix('boot') },
        secretKeys: `k1:${Buffer.alloc(32).toString('base64')}`,
        ...change,
      }),
      WaybillModule.forFeature(feature),
    ],
  })
  class HostModule {}
  const app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
  try {
    await app.init();
  } finally {
    await app.close();
  }
}

describe('the start of a host', () => {
  it('is refused with every fault of the catalogue at once, each naming its classes', async () => {
    const starting = start({
      actions: [Billed, AlsoOne, SameName, NobodyRebuilds],
      intents: [BilledIntent, SecondBilledIntent, UndeclaredIntent],
      attachments: [FirstPdf, SecondPdf],
      listeners: [BilledStatus, SecondBilledStatus, UndeclaredStatus],
    });
    const error = await starting.catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(CatalogueError);
    const faults = error instanceof CatalogueError ? error.details['faults'] : [];
    expect(faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/action id 1 is declared twice.*bill\.generated.*bill\.cancelled/),
        expect.stringMatching(/action name bill\.generated is declared twice/),
        expect.stringMatching(/action 1 .*two intents: BilledIntent and SecondBilledIntent/),
        expect.stringMatching(/UndeclaredIntent is the intent of action 4/),
        expect.stringMatching(/action 3 \(sample\.lost\) has no intent/),
        expect.stringMatching(/action 1 .*two status listeners: BilledStatus and SecondBilledStatus/),
        expect.stringMatching(/UndeclaredStatus is the status listener of action 4/),
        expect.stringMatching(/attachment provider "pdf" is declared twice: FirstPdf and SecondPdf/),
      ]),
    );
  });

  it('is refused where actions in code have the id or the name of actions that were registered by API', async () => {
    const earlier = await startTestHost({ role: 'api' });
    const register = (id: number, name: string) =>
      earlier.find(ApiActionStore).register({
        id,
        name,
        description: null,
        contextFields: [],
        intentUrl: 'http://127.0.0.1:9/',
        createdBy: 'test',
      });
    await register(Billed.id, 'invoice.made');
    await register(900, Billed.name);
    await register(NobodyRebuilds.id, NobodyRebuilds.name);
    await register(901, 'sample.collected');
    const { mongodb, secretKeys } = earlier.settings;
    const error = await start(
      { actions: [Billed, NobodyRebuilds], intents: [BilledIntent] },
      { mongodb, secretKeys },
    ).catch((refusal: unknown) => refusal);
    await earlier.close();
    expect(error).toBeInstanceOf(CatalogueError);
    const named = (clash: string) => expect.stringMatching(new RegExp(`${clash}.*(give|delete)`));
    expect(error instanceof CatalogueError ? error.details['faults'] : []).toEqual([
      expect.stringMatching(/action 3 \(sample\.lost\) has no intent/),
      named('action 1 \\(bill.generated\\) is registered by API too, as 1 \\(invoice.made\\)'),
      named('action 1 \\(bill.generated\\) is registered by API too, as 900 \\(bill.generated\\)'),
      named('action 3 \\(sample.lost\\) is registered by API too, as 3 \\(sample.lost\\)'),
    ]);
  });

  it('is refused when the secret keys cannot be read, without printing one', async () => {
    const error = await start({}, { secretKeys: 'k1:tooshort' }).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(SecretKeysError);
    expect(String(error)).not.toContain('tooshort');
  });

  it('is refused when an address range cannot be read', async () => {
    const error = await start({}, { network: { allowCidrs: ['10.0.0.0/99'] } }).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'ADDRESS_RANGE_INVALID', message: expect.stringContaining('10.0.0.0/99') });
  });

  it('is refused when MongoDB cannot be reached, with the remedy', async () => {
    const uri = 'mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=300';
    const error = await start({}, { mongodb: { uri } }).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(DatabaseUnreachableError);
    expect(error).toMatchObject({ remedy: expect.stringContaining('MONGODB_URI') });
  });

  it.each([
    [0, 'a.b', /whole number from 1/],
    [1.5, 'a.b', /whole number from 1/],
    [7, 'Patient Registered', /dotted lower case/],
  ])('refuses to define an action %p named %p', (id, name, says) => {
    expect(() => defineAction({ id, name, context: EmptyContext })).toThrow(says);
  });
});
