import { Injectable, Logger } from '@nestjs/common';
import type { Principal } from '../security/api-keys/principal.js';
import type { Erasure } from './erasure.collection.js';

/** The trace of an erasure: who asked for it, when and why, and a hash of the id in the place of the id. */
@Injectable()
export class ErasureAudit {
  private readonly log = new Logger('Erasure');

  async requested({ _id, tenantId, field, subjectHash }: Erasure, { keyId }: Principal): Promise<void> {
    this.log.log(`Erasure ${_id} of tenant ${tenantId} (${field}, ${subjectHash}) was requested by key ${keyId}`);
  }
}
