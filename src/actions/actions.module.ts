import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { SecurityModule } from '../security/security.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ActionCatalogue } from './action-catalogue.js';
import { ActionExplorer } from './action-explorer.js';
import { ApiActionStore } from './api-action.store.js';
import { IntentCaller } from './intent-caller.js';

@Module({
  imports: [DiscoveryModule, StorageModule, SecurityModule],
  providers: [ActionCatalogue, ActionExplorer, ApiActionStore, IntentCaller],
  exports: [ActionCatalogue, ApiActionStore],
})
export class ActionsModule {}
