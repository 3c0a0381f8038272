import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Principal } from '../security/api-keys/principal.js';
import type { Erasure } from './erasure.collection.js';

/** Says in the audit log whom an erasure is about, by a hash: the id itself would outlive the erasure there. */
@Injectable()
export class ErasureAudit {
  constructor(private readonly audit: AuditLog) {}

  async subjectOf(erasure: Erasure, { keyId, name }: Principal, from: string | null): Promise<void> {
    const { _id, tenantId, field, subjectHash, reason } = erasure;
    await this.audit.record({
      tenantId,
      who: { kind: 'key', id: keyId, name },
      from,
      what: 'erasure.subject',
      subject: { type: 'erasure', id: _id },
      why: reason,
      details: { field, subjectHash },
    });
  }
}
