import { Injectable } from '@nestjs/common';
import { ApiActionStore } from './api-action.store.js';
import type { AttachmentSource } from './attachment-provider.decorator.js';
import type { ActionStatusListener } from './status-listener.js';
import type { RegisteredAction } from './registered-action.js';
import { UnknownActionError } from './unknown-action.error.js';

/** Every action that can be emitted: those of the host's code, and those registered over HTTP. */
@Injectable()
export class ActionCatalogue {
  private byId = new Map<number, RegisteredAction>();
  private byName = new Map<string, RegisteredAction>();
  private attachmentSources: ReadonlyMap<string, AttachmentSource> = new Map();
  private statusListeners: ReadonlyMap<number, ActionStatusListener> = new Map();

  constructor(private readonly registered: ApiActionStore) {}

  fill(
    actions: readonly RegisteredAction[],
    attachmentSources: ReadonlyMap<string, AttachmentSource>,
    statusListeners: ReadonlyMap<number, ActionStatusListener>,
  ): void {
    this.byId = new Map(actions.map((action) => [action.id, action]));
    this.byName = new Map(actions.map((action) => [action.name, action]));
    this.attachmentSources = attachmentSources;
    this.statusListeners = statusListeners;
  }

  /** By id or by name. @throws UnknownActionError */
  async get(reference: number | string): Promise<RegisteredAction> {
    const action = await this.find(reference);
    if (!action) throw new UnknownActionError(reference);
    return action;
  }

  async find(reference: number | string): Promise<RegisteredAction | null> {
    const declared = typeof reference === 'number' ? this.byId.get(reference) : this.byName.get(reference);
    return declared ?? this.registered.find(reference);
  }

  /** In the order of their ids; `after` is the last id of the page before. */
  async list(after: number, limit: number): Promise<RegisteredAction[]> {
    const declared = [...this.byId.values()].filter(({ id }) => id > after);
    const registered = await this.registered.list(after, limit);
    return [...declared, ...registered].sort((a, b) => a.id - b.id).slice(0, limit);
  }

  findAttachmentSource(name: string): AttachmentSource | null {
    return this.attachmentSources.get(name) ?? null;
  }

  /** The host's class that is told the statuses of the action's logs. */
  findStatusListener(actionId: number): ActionStatusListener | null {
    return this.statusListeners.get(actionId) ?? null;
  }
}
