import { Body, Get, Inject, Post, Query } from '@nestjs/common';
import { Redactor } from '../common/redaction.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { DEFAULT_PAGE_SIZE, PageQueryDto } from '../http/page.dto.js';
import { PlatformOnly } from '../http/platform-only.decorator.js';
import { Caller } from '../http/principal.decorator.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../security/api-keys/principal.js';
import { checkEndpointUrl } from '../security/outbound-http/url-safety.js';
import { ActionCatalogue } from './action-catalogue.js';
import { ActionExistsError } from './action-exists.error.js';
import { ActionPageDto, RegisterActionDto, RegisteredActionDto } from './action.dto.js';
import { ApiActionStore } from './api-action.store.js';
import type { RegisteredAction } from './registered-action.js';

const ID_FORM = /^[1-9]\d{0,9}$/;
const REDACTOR = new Redactor();

/** The catalogue of actions. */
@WaybillController('actions')
export class ActionsController {
  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly registered: ApiActionStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Lists the actions that can be emitted, in the order of their ids. */
  @Get()
  async list(
    @Caller() caller: Principal,
    @Query() { cursor, limit = DEFAULT_PAGE_SIZE }: PageQueryDto,
  ): Promise<ActionPageDto> {
    const after = cursor === undefined ? 0 : Number(decodeCursor(cursor, [ID_FORM])[0]);
    const found = await this.catalogue.list(after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((action) => viewOf(action, caller)),
      nextCursor: last && found.length > limit ? encodeCursor([String(last.id)]) : null,
    };
  }

  /** Registers an action of a host in any language, for keys of the platform. */
  @Post()
  @PlatformOnly()
  @Audited('action.register', { subject: 'action', idIn: 'body' })
  @ApiProblems(409, 422)
  async register(@Caller() caller: Principal, @Body() body: RegisterActionDto): Promise<RegisteredActionDto> {
    const { id, name, description, contextFields, intentUrl } = body;
    checkEndpointUrl(intentUrl, this.settings.network.allowCidrs);
    const taken = (await this.catalogue.find(id)) ?? (await this.catalogue.find(name));
    if (taken) throw new ActionExistsError(id, name);
    const { action, signingSecret } = await this.registered.register({
      id,
      name,
      description: description ?? null,
      contextFields: contextFields.map((field) => ({ name: field.name, type: field.type, required: field.required })),
      intentUrl,
      createdBy: describePrincipal(caller),
    });
    return { ...viewOf(action, caller), signingSecret };
  }
}

/** Where the host's intents are is for those to know who registered them, not for tenants. */
function viewOf(
  { id, name, description, source, contextFieldNames, registration }: RegisteredAction,
  caller: Principal,
) {
  const intentUrl = registration && caller.tenantId === null ? REDACTOR.url(registration.intentUrl) : null;
  return {
    ...{ id, name, description, source, contextFieldNames: [...contextFieldNames] },
    registration: registration && { ...registration, contextFields: [...registration.contextFields], intentUrl },
  };
}
