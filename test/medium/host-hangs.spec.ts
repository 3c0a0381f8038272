import { ActionContext, AttachmentProvider, defineAction, IntentFor, WaybillModule } from '../../src/index.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const HOST_TIMEOUT_MS = 300;

// The minute that a host's own code may take is too long for a test.
jest.mock('../../src/common/bounded.js', () => ({
  ...jest.requireActual<object>('../../src/common/bounded.js'),
  HOST_TIMEOUT_MS: 300,
}));

class SampleContext extends ActionContext {}

const SampleLost = defineAction({ id: 58, name: 'sample.lost', context: SampleContext });

const never = () => new Promise<never>(() => undefined);

@IntentFor(SampleLost)
class NeverRebuilds {
  rebuild = never;
}

@AttachmentProvider('never')
class NeverProvides {
  provide = never;
}

describe("a host's own code that never answers", () => {
  let host: TestHost;
  let vendor: FakeVendor;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startTestHost({
      settings: { delivery: { concurrency: 1, stopTimeoutMs: 1_000 } },
      imports: [
        WaybillModule.forFeature({
          actions: [SampleLost],
          intents: [NeverRebuilds],
          attachments: [NeverProvides],
        }),
      ],
    });
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  it.each([
    ['an intent', SampleLost, {}, 'INTENT_UNAVAILABLE'],
    [
      'an attachment provider',
      PatientRegistered,
      { attachments: [{ field: 'pdf', provider: 'never' }] },
      'ATTACHMENT_UNAVAILABLE',
    ],
  ])('gets its time and no more: %s', async (_what, action, part, errorCode) => {
    const { _id } = await host.createIntegration({
      url: vendor.url,
      actionId: action.id,
      retryPolicy: { maxAttempts: 2, baseDelayMs: 10, maxDelayMs: 10 },
      ...part,
    });
    const { deliveries } = await host.dispatcher.emitByReference(action.id, { tenantId: LAB, ...idsFor(action.id) });
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
    expect(log).toMatchObject({ integrationId: _id, errorClass: 'intent', errorCode, attemptCount: 2 });
    expect(log.errorMessage).toContain(`${HOST_TIMEOUT_MS} ms`);
    expect(log.firstAttempt).toMatchObject({ errorCode, nextAttemptAt: expect.any(Date) });
    expect(vendor.requests).toEqual([]);
  });
});

const idsFor = (actionId: number) => (actionId === PatientRegistered.id ? { patientId: 'P-1' } : {});
