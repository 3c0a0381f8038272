import { Injectable } from '@nestjs/common';
import type { IntegrationId } from '../common/ids.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import { type TriesLane, triesLaneOf } from '../queues/jobs.js';

/** What scheduling knows of whoever has tries to make: an integration, or a source of webhooks. */
export type TryOwner = Pick<Integration, '_id' | 'tenantId' | 'enabled' | 'pause' | 'traffic' | 'version'>;

/** Where the owners of one lane's tries are looked up. */
export interface OwnerDirectory {
  /** At most a second old, and paused only where it is so now; `null` where it was deleted. */
  forDelivery(id: IntegrationId): Promise<TryOwner | null>;
  /** Answers whether that switched it off; given a version, only where that is still the latest. */
  disable(id: IntegrationId, reason: string, version?: number | null): Promise<boolean>;
}

/** The owners of tries, of whichever lane. */
@Injectable()
export class TryOwners {
  private readonly directories: Partial<Record<TriesLane, OwnerDirectory>>;

  constructor(integrations: IntegrationDirectory) {
    this.directories = { delivery: integrations };
  }

  /** For those who stand right of scheduling in the import order. */
  register(lane: TriesLane, directory: OwnerDirectory): void {
    this.directories[lane] = directory;
  }

  async find(id: IntegrationId): Promise<TryOwner | null> {
    return (await this.directories[triesLaneOf(id)]?.forDelivery(id)) ?? null;
  }

  async disable(id: IntegrationId, reason: string, version?: number | null): Promise<boolean> {
    return (await this.directories[triesLaneOf(id)]?.disable(id, reason, version)) ?? false;
  }
}
