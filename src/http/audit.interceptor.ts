import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { AuditAct } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import type { TenantId } from '../common/ids.js';
import { isRecord } from '../common/primitives.js';
import type { Principal } from '../security/api-keys/principal.js';
import { AUDITED, type Auditing } from './audited.decorator.js';
import { fieldNamesOf } from './field-names.js';
import type { HttpRequest } from './http-message.js';
import { PLATFORM_ONLY } from './platform-only.decorator.js';
import { TenantScope } from './tenant-scope.js';
import { UnauthenticatedError } from './unauthenticated.error.js';

const MAX_ID_LENGTH = 128;
const MAX_REASON_LENGTH = 1_000;

type Audited = Extract<Auditing, { isAudited: true }>;

/** Writes what a person is about to do into the audit log, and what became of it where it failed. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly audit: AuditLog,
    private readonly scope: TenantScope,
    private readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const auditing = this.reflector.get<Auditing | undefined>(AUDITED, context.getHandler());
    if (!auditing?.isAudited) return next.handle();
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const caller = request.waybillPrincipal;
    if (!caller) throw new UnauthenticatedError('missing');
    const tenantId = await this.tenantOf(auditing, context, request, caller);
    const perform = () => lastValueFrom(next.handle(), { defaultValue: undefined });
    const options = auditing.idIn === 'answer' ? { madeId: (made: unknown) => textOf(made, 'id') ?? '' } : {};
    return from(this.audit.around(actOf(auditing, caller, tenantId, request), perform, options));
  }

  /** As the handler will find it: nobody writes into the log of a tenant that is not theirs or not there. */
  private async tenantOf(
    { subject }: Audited,
    context: ExecutionContext,
    { query, body, params }: HttpRequest,
    caller: Principal,
  ): Promise<TenantId | null> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PLATFORM_ONLY, targets)) return null;
    if (subject === 'tenant') return this.scope.resolve(caller, valueOf(params, 'id'), 'id');
    return this.scope.resolve(caller, valueOf(query, 'tenantId') ?? valueOf(body, 'tenantId'));
  }
}

function actOf(
  { what, subject, idIn = 'path' }: Audited,
  caller: Principal,
  tenantId: TenantId | null,
  request: HttpRequest,
): AuditAct {
  const { body, params, ip } = request;
  const id = idIn === 'answer' ? null : textOf(idIn === 'path' ? params : body, 'id');
  const fields = fieldNamesOf(body).filter((field) => field !== 'reason' && field !== 'tenantId');
  return {
    tenantId,
    who: { kind: 'key', id: caller.keyId, name: caller.name },
    from: ip ?? null,
    what,
    subject: { type: subject, id: id?.slice(0, MAX_ID_LENGTH) ?? null },
    why: textOf(body, 'reason')?.slice(0, MAX_REASON_LENGTH) ?? null,
    details: fields.length === 0 ? {} : { fields },
  };
}

const valueOf = (holder: unknown, name: string): unknown => (isRecord(holder) ? holder[name] : undefined);

function textOf(holder: unknown, name: string): string | null {
  const value = valueOf(holder, name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
