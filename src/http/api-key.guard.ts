import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiKeyService } from '../security/api-keys/api-key.service.js';
import type { HttpRequest } from './http-message.js';
import { PLATFORM_ONLY } from './platform-only.decorator.js';
import { PlatformOnlyError } from './platform-only.error.js';
import { UnauthenticatedError } from './unauthenticated.error.js';

const BEARER = /^Bearer +(\S+)$/i;

/** Lets those in who present a valid API key as `Authorization: Bearer` (RFC 6750), and remembers who they are. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeyService,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const { authorization } = request.headers;
    if (authorization === undefined) throw new UnauthenticatedError('missing');
    const presented = BEARER.exec(authorization)?.[1];
    const principal = presented === undefined ? null : await this.keys.authenticate(presented);
    if (!principal) throw new UnauthenticatedError('refused');
    if (this.isPlatformOnly(context) && principal.tenantId !== null) throw new PlatformOnlyError();
    request.waybillPrincipal = principal;
    return true;
  }

  private isPlatformOnly(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<boolean | undefined>(PLATFORM_ONLY, targets) ?? false;
  }
}
