import { Injectable } from '@nestjs/common';
import { Database } from '../storage/database.js';
import type { Integration } from './integration.js';
import { INTEGRATION_VERSIONS } from './integration.collection.js';
import { VersionHistory } from './version-history.js';

@Injectable()
export class IntegrationHistory extends VersionHistory<Integration> {
  constructor(database: Database) {
    super(database, INTEGRATION_VERSIONS);
  }
}
