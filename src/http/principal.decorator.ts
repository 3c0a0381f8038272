import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../security/api-keys/principal.js';
import type { HttpRequest } from './http-message.js';
import { UnauthenticatedError } from './unauthenticated.error.js';

/** Injects the `Principal` that makes the call. Only behind `ApiKeyGuard`. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { waybillPrincipal } = context.switchToHttp().getRequest<HttpRequest>();
  if (!waybillPrincipal) throw new UnauthenticatedError('missing');
  return waybillPrincipal;
});
