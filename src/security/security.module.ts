import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { RedisModule } from '../storage/redis.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ApiKeyService } from './api-keys/api-key.service.js';
import { OutboundHttpClient } from './outbound-http/outbound-http.client.js';
import { parseSecretKeys, SecretCipher } from './secrets/secret-cipher.js';
import { SecretKeyCheck } from './secrets/secret-key-check.js';
import { SecretVault } from './secrets/secret-vault.js';
import { SharedTokens } from './tokens/shared-tokens.js';
import { TokenBoard } from './tokens/token-board.js';
import { RedactionDesk } from './tenants/redaction-desk.js';
import { TenantSettings } from './tenants/tenant-settings.js';
import { TenantService } from './tenants/tenant.service.js';

@Module({
  imports: [StorageModule, RedisModule],
  providers: [
    ApiKeyService,
    SecretKeyCheck,
    SecretVault,
    TenantService,
    TenantSettings,
    RedactionDesk,
    TokenBoard,
    SharedTokens,
    {
      provide: SecretCipher,
      inject: [SETTINGS],
      useFactory: ({ secretKeys }: Settings) => new SecretCipher(parseSecretKeys(secretKeys)),
    },
    {
      provide: OutboundHttpClient,
      inject: [SETTINGS],
      useFactory: ({ network }: Settings) => new OutboundHttpClient({ allowCidrs: network.allowCidrs }),
    },
  ],
  exports: [
    ApiKeyService,
    SecretCipher,
    SecretVault,
    TenantService,
    TenantSettings,
    RedactionDesk,
    SharedTokens,
    OutboundHttpClient,
  ],
})
export class SecurityModule implements OnApplicationShutdown {
  constructor(private readonly http: OutboundHttpClient) {}

  onApplicationShutdown(): void {
    this.http.close();
  }
}
