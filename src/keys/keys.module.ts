import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { optionsFromEnvironment } from '../config/environment.js';
import { resolveSettings, SETTINGS, type Settings } from '../config/settings.js';
import { ReceivedRotation } from '../logging/received/received-rotation.js';
import { ApiKeyService } from '../security/api-keys/api-key.service.js';
import { parseSecretKeys, SecretCipher } from '../security/secrets/secret-cipher.js';
import { SecretKeyCheck } from '../security/secrets/secret-key-check.js';
import { SecretRotation } from '../security/secrets/secret-rotation.js';
import { TenantService } from '../security/tenants/tenant.service.js';
import { TenantSettings } from '../security/tenants/tenant-settings.js';
import { StorageModule } from '../storage/storage.module.js';

/** What the settings ask for and these commands do not need. */
const NO_REDIS = { REDIS_URL: 'redis://unused' };
const NO_SECRET_KEYS = { WAYBILL_SECRET_KEYS: `unused:${Buffer.alloc(32).toString('base64')}` };

const cipher = {
  provide: SecretCipher,
  inject: [SETTINGS],
  useFactory: ({ secretKeys }: Settings) => new SecretCipher(parseSecretKeys(secretKeys)),
};

/** What the command for keys is made of: the database, without queues and without the HTTP API. */
@Module({})
export class KeysModule {
  /** For commands that never decrypt: they also work where a secret key is lost. */
  static withoutSecretKeys(): DynamicModule {
    return of(NO_SECRET_KEYS, [ApiKeyService, TenantService, TenantSettings, SecretRotation, ReceivedRotation, cipher]);
  }

  /** With the keys of the environment, which must fit the database. */
  static withSecretKeys(): DynamicModule {
    return of({}, [SecretRotation, ReceivedRotation, SecretKeyCheck, cipher]);
  }
}

function of(unused: Readonly<Record<string, string>>, providers: NonNullable<DynamicModule['providers']>) {
  return {
    module: KeysModule,
    imports: [
      {
        module: class SettingsModule {},
        global: true,
        providers: [
          {
            provide: SETTINGS,
            useFactory: () =>
              resolveSettings(optionsFromEnvironment({ ...process.env, ...NO_REDIS, ...unused }).options),
          },
        ],
        exports: [SETTINGS],
      },
      StorageModule,
      AuditModule,
    ],
    providers,
  } satisfies DynamicModule;
}
