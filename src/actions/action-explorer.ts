import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isRecord } from '../common/primitives.js';
import { ActionCatalogue } from './action-catalogue.js';
import type { ActionDefinition } from './action-definition.js';
import { ActionFeature } from './action-feature.js';
import { API_ACTIONS } from './api-action.collection.js';
import { ApiActionStore } from './api-action.store.js';
import { ATTACHMENT_PROVIDER, type AttachmentSource } from './attachment-provider.decorator.js';
import { CatalogueError } from './catalogue.error.js';
import { CodeAction } from './code-action.js';
import { INTENT_FOR } from './intent-for.decorator.js';
import type { Intent } from './intent.js';
import type { ActionContext } from './action-context.js';
import { ON_INTEGRATION_STATUS } from './on-integration-status.decorator.js';
import { ActionStatusListener, type StatusListener } from './status-listener.js';

interface Found<T> {
  readonly className: string;
  readonly instance: T;
}

/** Finds what the host declared and fills the catalogue, or refuses the start and names every fault. */
@Injectable()
export class ActionExplorer implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly catalogue: ActionCatalogue,
    private readonly registered: ApiActionStore,
  ) {}

  async onModuleInit(): Promise<void> {
    const faults: string[] = [];
    const definitions = this.definitions(faults);
    const declared = new Set(definitions.values());
    const intents = this.forActions(INTENTS, declared, faults);
    const listeners = this.forActions(STATUS_LISTENERS, declared, faults);
    const attachments = this.attachments(faults);
    const actions = [...definitions.values()].flatMap((definition) => {
      const intent = intents.get(definition);
      if (intent) return [new CodeAction(definition, intent.instance)];
      faults.push(`action ${definition.id} (${definition.name}) has no intent; give it one class with @IntentFor`);
      return [];
    });
    faults.push(...(await this.clashes([...definitions.values()])));
    if (faults.length > 0) throw new CatalogueError(faults);
    this.catalogue.fill(
      actions,
      new Map([...attachments].map(([name, { instance }]) => [name, instance])),
      new Map([...listeners].map(([action, { instance }]) => [action.id, new ActionStatusListener(action, instance)])),
    );
  }

  private definitions(faults: string[]): Map<number, ActionDefinition> {
    const byId = new Map<number, ActionDefinition>();
    const byName = new Map<string, ActionDefinition>();
    const features = this.providers().flatMap(({ instance }) => (instance instanceof ActionFeature ? [instance] : []));
    for (const action of features.flatMap(({ actions }) => actions)) {
      const sameId = byId.get(action.id);
      const sameName = byName.get(action.name);
      if (sameId && sameId !== action)
        faults.push(`action id ${action.id} is declared twice: ${sameId.name} and ${action.name}`);
      else if (sameName && sameName !== action)
        faults.push(`action name ${action.name} is declared twice: ids ${sameName.id} and ${action.id}`);
      byId.set(action.id, sameId ?? action);
      byName.set(action.name, sameName ?? action);
    }
    return byId;
  }

  /** One action would take the place of the other: its events would be rebuilt by another host's code. */
  private async clashes(declared: readonly ActionDefinition[]): Promise<string[]> {
    const registered = await this.registered.findSame(declared);
    return declared.flatMap((action) =>
      registered
        .filter(({ id, name }) => id === action.id || name === action.name)
        .map(
          ({ id, name }) =>
            `action ${action.id} (${action.name}) is registered by API too, as ${id} (${name}); give the one in code an id and a name of its own, or delete document ${id} of the collection "${API_ACTIONS.name}"`,
        ),
    );
  }

  /** The one class of a role for each action. */
  private forActions<T extends object>(
    { key, isOne, method, role }: RoleOfAction<T>,
    declared: ReadonlySet<ActionDefinition>,
    faults: string[],
  ) {
    const found = new Map<ActionDefinition, Found<T>>();
    for (const { className, instance } of this.decorated(key, isOne, method, faults)) {
      const action: ActionDefinition = Reflect.getMetadata(key, instance.constructor);
      const other = found.get(action);
      if (other)
        faults.push(`action ${action.id} (${action.name}) has two ${role}s: ${other.className} and ${className}`);
      if (!declared.has(action))
        faults.push(
          `${className} is the ${role} of action ${action.id} (${action.name}), which no forFeature declares`,
        );
      found.set(action, { className, instance });
    }
    return found;
  }

  private attachments(faults: string[]) {
    const found = new Map<string, Found<AttachmentSource>>();
    for (const { className, instance } of this.decorated(ATTACHMENT_PROVIDER, isAttachmentSource, 'provide', faults)) {
      const name: string = Reflect.getMetadata(ATTACHMENT_PROVIDER, instance.constructor);
      const other = found.get(name);
      if (other) faults.push(`attachment provider "${name}" is declared twice: ${other.className} and ${className}`);
      found.set(name, { className, instance });
    }
    return found;
  }

  /** Providers whose class carries the key. A class listed in two modules has two instances: that is a second one. */
  private decorated<T extends object>(
    key: string,
    isOne: (it: object) => it is T,
    method: string,
    faults: string[],
  ): Found<T>[] {
    return this.providers().flatMap(({ className, instance }) => {
      if (!Reflect.hasMetadata(key, instance.constructor)) return [];
      if (isOne(instance)) return [{ className, instance }];
      faults.push(`${className} has no method ${method}`);
      return [];
    });
  }

  private providers(): Found<object>[] {
    const seen = new Set<object>();
    return this.discovery.getProviders().flatMap((wrapper) => {
      const candidate: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : null;
      if (!isRecord(candidate) || seen.has(candidate)) return [];
      seen.add(candidate);
      return [{ className: candidate.constructor?.name ?? 'Object', instance: candidate }];
    });
  }
}

/** A class that an action has at most one of. */
interface RoleOfAction<T extends object> {
  readonly role: string;
  readonly key: string;
  readonly method: string;
  readonly isOne: (it: object) => it is T;
}

const isIntent = (it: object): it is Intent<ActionContext> => 'rebuild' in it && typeof it.rebuild === 'function';

const isAttachmentSource = (it: object): it is AttachmentSource => 'provide' in it && typeof it.provide === 'function';

const isStatusListener = (it: object): it is StatusListener<ActionContext> =>
  'onStatus' in it && typeof it.onStatus === 'function';

const INTENTS: RoleOfAction<Intent<ActionContext>> = {
  role: 'intent',
  key: INTENT_FOR,
  method: 'rebuild',
  isOne: isIntent,
};

const STATUS_LISTENERS: RoleOfAction<StatusListener<ActionContext>> = {
  role: 'status listener',
  key: ON_INTEGRATION_STATUS,
  method: 'onStatus',
  isOne: isStatusListener,
};
