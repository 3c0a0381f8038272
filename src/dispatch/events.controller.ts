import type { ServerResponse } from 'node:http';
import { Body, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import { asEventId } from '../common/ids.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { NotAudited } from '../http/audited.decorator.js';
import { type HttpRequest, pathOf } from '../http/http-message.js';
import { Caller } from '../http/principal.decorator.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { TenantQueryDto } from '../http/tenant-query.dto.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import type { Principal } from '../security/api-keys/principal.js';
import type { ActionEvent } from './action-event.collection.js';
import { type BatchItemDto, EmitBatchDto, EmitBatchResultDto, EmitEventDto, EmitResultDto } from './emit.dto.js';
import { EventDto } from './event.dto.js';
import { EventIntake } from './event-intake.js';
import { EventStore } from './event-store.js';
import { EventUnknownError } from './event-unknown.error.js';
import { idempotencyKeyOf } from './idempotency-key.js';

const ACCEPTED = 202;
const OK = 200;
const MULTI_STATUS = 207;

/** What happened, and what became of it. */
@WaybillController('events')
export class EventsController {
  constructor(
    private readonly intake: EventIntake,
    private readonly events: EventStore,
    private readonly scope: TenantScope,
  ) {}

  /** Records that an action happened. Answers once the event and a QUEUED log for every matching integration are stored. */
  @Post()
  @NotAudited('machine traffic: the event itself says who emitted what')
  @HttpCode(ACCEPTED)
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: '1 to 255 characters. The same key means the same event: it is recorded and delivered once.',
  })
  @ApiAcceptedResponse({ type: EmitResultDto, description: 'The event is recorded and its deliveries are queued' })
  @ApiOkResponse({ type: EmitResultDto, description: 'The idempotency key was used before: this is the earlier event' })
  @ApiProblems(404, 413, 422)
  async emit(
    @Caller() caller: Principal,
    @Body() event: EmitEventDto,
    @Headers('idempotency-key') header: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<EmitResultDto> {
    const result = await this.intake.emit(caller, event, idempotencyKeyOf(header, event.idempotencyKey));
    if (result.duplicate) response.statusCode = OK;
    return result;
  }

  /** Records up to 1,000 events. Each is recorded or refused on its own; the answer says which, in the same order. */
  @Post('batch')
  @NotAudited('machine traffic: the events themselves say who emitted what')
  @HttpCode(MULTI_STATUS)
  @ApiProblems(413)
  async emitBatch(
    @Caller() caller: Principal,
    @Body() { events }: EmitBatchDto,
    @Headers('idempotency-key') header: string | undefined,
    @Req() request: HttpRequest,
  ): Promise<EmitBatchResultDto> {
    if (header !== undefined) throw keyOnBatch();
    const results = await Promise.all(
      events.map((event, index) => this.intake.emitItem(caller, event, index, pathOf(request))),
    );
    return { ...countsOf(results), results };
  }

  /** One event: what was decided about it, and why nothing was sent where nothing was. */
  @Get(':id')
  @ApiProblems(404)
  async get(@Caller() caller: Principal, @Param('id') id: string, @Query() query: TenantQueryDto): Promise<EventDto> {
    const eventId = asEventId(id);
    const event = await this.events.find(await this.scope.resolve(caller, query.tenantId), eventId);
    if (!event) throw new EventUnknownError(eventId);
    return viewOf(event);
  }
}

function countsOf(results: readonly BatchItemDto[]) {
  const count = (status: BatchItemDto['status']) => results.filter((item) => item.status === status).length;
  return { accepted: count('accepted'), duplicate: count('duplicate'), refused: count('refused') };
}

const keyOnBatch = () =>
  new RequestInvalidError([
    {
      field: 'Idempotency-Key',
      expected: 'has no meaning for a batch; give each event an idempotencyKey of its own',
      received: 'string',
    },
  ]);

function viewOf(event: ActionEvent): EventDto {
  const { _id: id, deliveries, contextHash: _hash, fanOutPending: _pending, ...rest } = event;
  return {
    id,
    ...rest,
    deliveries: deliveries.map(({ logId, integrationId, integrationName, vendor, filterError }) => ({
      logId,
      integrationId,
      integrationName,
      vendor,
      filterError,
    })),
  };
}
