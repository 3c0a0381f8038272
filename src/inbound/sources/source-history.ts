import { Injectable } from '@nestjs/common';
import { VersionHistory } from '../../integrations/version-history.js';
import { Database } from '../../storage/database.js';
import { INBOUND_SOURCE_VERSIONS } from './inbound-source.collection.js';
import type { InboundSource } from './inbound-source.js';

@Injectable()
export class SourceHistory extends VersionHistory<InboundSource> {
  constructor(database: Database) {
    super(database, INBOUND_SOURCE_VERSIONS);
  }
}
