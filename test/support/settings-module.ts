import { type DynamicModule, Global, Module } from '@nestjs/common';
import { resolveSettings, ROLE, SETTINGS, type WaybillOptionsInput } from '../../src/config/settings.js';

@Global()
@Module({})
class SettingsModule {}

/** The settings alone, for tests that put single modules of Waybill together. */
export function settingsModule(settings: Partial<WaybillOptionsInput>): DynamicModule {
  const provider = {
    provide: SETTINGS,
    useFactory: () =>
      resolveSettings({
        mongodb: {},
        redis: { url: 'redis://127.0.0.1:1' },
        secretKeys: `test:${Buffer.alloc(32, 7).toString('base64')}`,
        ...settings,
      }),
  };
  return {
    module: SettingsModule,
    providers: [provider, { provide: ROLE, useValue: 'api' }],
    exports: [SETTINGS, ROLE],
  };
}
