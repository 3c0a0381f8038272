import { Module } from '@nestjs/common';
import { ActionsModule } from '../actions/actions.module.js';
import { SecurityModule } from '../security/security.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ExpressionSandbox } from './expressions/expression-sandbox.js';
import { BodySchemas } from './schemas/body-schemas.js';
import { IntegrationChecker } from './integration-checker.js';
import { IntegrationDirectory } from './integration-directory.js';
import { IntegrationTls } from './tls/integration-tls.js';

@Module({
  imports: [StorageModule, SecurityModule, ActionsModule],
  providers: [ExpressionSandbox, BodySchemas, IntegrationChecker, IntegrationDirectory, IntegrationTls],
  exports: [ExpressionSandbox, BodySchemas, IntegrationChecker, IntegrationDirectory, IntegrationTls],
})
export class IntegrationsModule {}
