import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import type { ErrorClass } from '../../common/error-class.js';
import { asIntegrationId, type TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { FAILURE_GROUPS, type FailureGroup, type FailureGroupState } from './failure-group.collection.js';
import { FailureGroupUnknownError } from './failure-group-unknown.error.js';

export interface FailureGroupFilter {
  readonly state?: FailureGroupState;
  readonly integrationId?: string;
  readonly errorClass?: ErrorClass;
}

export interface FailureGroupPlace {
  readonly lastSeenAt: Date;
  readonly id: string;
}

export interface FailureGroupChange {
  readonly state?: FailureGroupState;
  readonly owner?: string | null;
  readonly note?: string | null;
}

/** The groups as people see and change them; their numbers come from the sweep alone. */
@Injectable()
export class FailureGroups {
  private readonly groups: Model<FailureGroup>;

  constructor(database: Database) {
    this.groups = database.model(FAILURE_GROUPS);
  }

  /** The last seen first. */
  async list(
    tenantId: TenantId,
    { state, integrationId, errorClass }: FailureGroupFilter,
    after: FailureGroupPlace | null,
    limit: number,
  ): Promise<FailureGroup[]> {
    const page = after
      ? [
          { lastSeenAt: { $lte: after.lastSeenAt } },
          { $nor: [{ lastSeenAt: after.lastSeenAt, _id: { $gte: after.id } }] },
        ]
      : [];
    const filter = {
      tenantId,
      ...(state === undefined ? {} : { state }),
      ...(integrationId === undefined ? {} : { integrationId: asIntegrationId(integrationId) }),
      ...(errorClass === undefined ? {} : { errorClass }),
    };
    return this.groups
      .find({ $and: [filter, ...page] })
      .sort({ lastSeenAt: -1, _id: -1 })
      .hint(state === undefined ? 'last_seen' : 'last_seen_in_state')
      .limit(limit)
      .lean<FailureGroup[]>();
  }

  /** @throws FailureGroupUnknownError */
  async get(tenantId: TenantId, id: string): Promise<FailureGroup> {
    const group = await this.groups.findOne({ _id: id, tenantId }).lean<FailureGroup>();
    if (!group) throw new FailureGroupUnknownError(id);
    return group;
  }

  /** What the change does not name stays as it is. @throws FailureGroupUnknownError */
  async change(
    tenantId: TenantId,
    id: string,
    { state, owner, note }: FailureGroupChange,
    changedBy: string,
  ): Promise<FailureGroup> {
    const now = new Date();
    const set = {
      ...(state === undefined ? {} : { state, resolvedAt: state === 'resolved' ? now : null }),
      ...(owner === undefined ? {} : { owner }),
      ...(note === undefined ? {} : { note }),
      changedBy,
      changedAt: now,
    };
    const group = await this.groups
      .findOneAndUpdate({ _id: id, tenantId }, { $set: set }, { returnDocument: 'after' })
      .lean<FailureGroup>();
    if (!group) throw new FailureGroupUnknownError(id);
    return group;
  }
}
