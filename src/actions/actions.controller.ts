import { Body, Get, Inject, Post } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { PlatformOnly } from '../http/platform-only.decorator.js';
import { Caller } from '../http/principal.decorator.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../security/api-keys/principal.js';
import { checkEndpointUrl } from '../security/outbound-http/url-safety.js';
import { ActionCatalogue } from './action-catalogue.js';
import { ActionExistsError } from './action-exists.error.js';
import { ActionListDto, RegisterActionDto, RegisteredActionDto } from './action.dto.js';
import { ApiActionStore } from './api-action.store.js';
import type { RegisteredAction } from './registered-action.js';

/** The catalogue of actions. */
@WaybillController('actions')
export class ActionsController {
  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly registered: ApiActionStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Lists every action that can be emitted. */
  @Get()
  async list(): Promise<ActionListDto> {
    return { items: (await this.catalogue.list()).map(viewOf) };
  }

  /** Registers an action of a host in any language, for keys of the platform. */
  @Post()
  @PlatformOnly()
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
    return { ...viewOf(action), signingSecret };
  }
}

const viewOf = ({ id, name, description, source }: RegisteredAction) => ({ id, name, description, source });
