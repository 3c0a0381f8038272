import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isRecord } from '../../common/primitives.js';
import { closestName } from '../../common/closest-name.js';
import { type DeclaredWebhooks, INBOUND_WEBHOOK } from './inbound-webhook.decorator.js';
import { WebhookHandlersError } from './webhook-handlers.error.js';

/** One method of the host. */
export interface WebhookHandler {
  /** `Class.method`. */
  readonly name: string;
  /** The class of its first parameter; `null` where it names none, or one of JavaScript's own. */
  readonly shape: Type<object> | null;
  readonly call: (body: unknown, webhook: unknown) => Promise<unknown>;
}

const keyOf = (vendor: string, type: string) => `${vendor} ${type}`;

/** The host's methods with `@InboundWebhook`, found at the start. */
@Injectable()
export class WebhookHandlers implements OnModuleInit {
  private readonly handlers = new Map<string, WebhookHandler>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws WebhookHandlersError naming every webhook that two methods take. */
  onModuleInit(): void {
    const faults: string[] = [];
    for (const instance of this.providers()) {
      const declared: DeclaredWebhooks | undefined = Reflect.getMetadata(INBOUND_WEBHOOK, instance.constructor);
      for (const [method, { vendor, type }] of declared ?? []) {
        const handler = handlerOf(instance, method);
        const other = this.handlers.get(keyOf(vendor, type));
        if (other) faults.push(`${vendor} ${type} is taken by two methods: ${other.name} and ${handler.name}`);
        this.handlers.set(keyOf(vendor, type), handler);
      }
    }
    if (faults.length > 0) throw new WebhookHandlersError(faults);
  }

  /** The one for this type, or else the vendor's for all the others. */
  find(vendor: string, type: string): WebhookHandler | null {
    return this.handlers.get(keyOf(vendor, type)) ?? this.handlers.get(keyOf(vendor, '*')) ?? null;
  }

  /** The webhook that is taken and is written most like this one; `null` where none is near. */
  closest(vendor: string, type: string): string | null {
    return closestName(keyOf(vendor, type), [...this.handlers.keys()]);
  }

  private providers(): object[] {
    const found = this.discovery.getProviders().flatMap((wrapper) => {
      const candidate: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : null;
      return isRecord(candidate) ? [candidate] : [];
    });
    return [...new Set(found)];
  }
}

function handlerOf(instance: object, method: string): WebhookHandler {
  const types: unknown = Reflect.getMetadata('design:paramtypes', instance, method);
  const [first]: unknown[] = Array.isArray(types) ? types : [];
  return {
    name: `${instance.constructor.name}.${method}`,
    shape: isShape(first) ? first : null,
    // Looked up at each call: other decorators may have wrapped it since.
    call: async (body, webhook) => Reflect.apply(Reflect.get(instance, method), instance, [body, webhook]),
  };
}

const BUILT_IN: ReadonlySet<unknown> = new Set([Object, Array, String, Number, Boolean, Buffer, Promise, Function]);

const isShape = (type: unknown): type is Type<object> => typeof type === 'function' && !BUILT_IN.has(type);
