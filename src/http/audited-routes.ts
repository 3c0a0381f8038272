import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { AUDITED } from './audited.decorator.js';
import { UnauditedRouteError } from './unaudited-route.error.js';

const READING = new Set<unknown>([RequestMethod.GET, RequestMethod.HEAD, RequestMethod.OPTIONS]);

/**
 * Nothing of Waybill's API changes anything without being audited, or saying why not.
 * @throws UnauditedRouteError naming every handler that does neither.
 */
export function requireAuditing(controllers: readonly Type[]): void {
  const silent = controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype)
      .filter((name) => isSilent(Object.getOwnPropertyDescriptor(controller.prototype, name)?.value))
      .map((name) => `${controller.name}.${name}`),
  );
  if (silent.length > 0) throw new UnauditedRouteError(silent);
}

function isSilent(handler: unknown): boolean {
  if (typeof handler !== 'function') return false;
  const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
  return method !== undefined && !READING.has(method) && Reflect.getMetadata(AUDITED, handler) === undefined;
}
