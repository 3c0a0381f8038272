import { UseInterceptors } from '@nestjs/common';
import { NO_REDACTION, RedactionRules } from '../../common/redaction-rules.js';
import { findCallObserver } from './call-observer.js';
import { HttpExchangeInterceptor } from './http-exchange.js';
import type { IntegrationLoggerOptions } from './integration-logger.options.js';

export const INTEGRATION_LOGGER = 'waybill:integration-logger';

/** A decorated method, as its class carries it. */
interface LoggedMethod {
  readonly name: string | symbol;
  readonly options: IntegrationLoggerOptions;
}

/**
 * Logs every call of a provider's method: QUEUED before it runs, SUCCESS or FAIL after it, with timings, whether it
 * returns, throws, or answers by a promise or an observable. What the caller sees is not changed by it, not even when the
 * log cannot be written.
 *
 * It wraps the method on its class, so that self-calls are logged too, and keeps the method's name, length and metadata,
 * so that it can stand above or below any other decorator.
 */
export function IntegrationLogger(options: IntegrationLoggerOptions = {}): MethodDecorator {
  return (target, key, descriptor: PropertyDescriptor) => {
    const original: unknown = descriptor.value;
    if (typeof original !== 'function') {
      throw new TypeError(
        `@IntegrationLogger stands on ${target.constructor.name}.${String(key)}, which is no method; move it to one`,
      );
    }
    // What cannot be read must not come out when the first call is logged.
    void new RedactionRules([{ ...NO_REDACTION, ...options.redact }]);
    const interceptor = new HttpExchangeInterceptor();
    const className = target.constructor.name;
    const wrapper = function (this: object | undefined, ...args: unknown[]): unknown {
      const run = (): unknown => Reflect.apply(original, this, args);
      const observer = findCallObserver(this);
      if (!observer) return run();
      const exchange = interceptor.take();
      return observer.observe({ className, method: String(key), options, args, exchange }, run);
    };
    copyIdentity(original, wrapper);
    const methods: LoggedMethod[] = Reflect.getOwnMetadata(INTEGRATION_LOGGER, target.constructor) ?? [];
    Reflect.defineMetadata(INTEGRATION_LOGGER, [...methods, { name: key, options }], target.constructor);
    descriptor.value = wrapper;
    UseInterceptors(interceptor)(target, key, descriptor);
  };
}

function copyIdentity(from: object, to: object): void {
  for (const property of ['name', 'length'] as const) {
    const value = Object.getOwnPropertyDescriptor(from, property);
    if (value) Object.defineProperty(to, property, value);
  }
  for (const key of Reflect.getOwnMetadataKeys(from)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
  }
}
