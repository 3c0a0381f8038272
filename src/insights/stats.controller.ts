import { Get, Query } from '@nestjs/common';
import { ApiQuery, OmitType } from '@nestjs/swagger';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { Caller } from '../http/principal.decorator.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import type { Principal } from '../security/api-keys/principal.js';
import { ROLLUP_STEPS } from './rollup-step.js';
import { Stats, stepFor } from './stats.js';
import { StatsDto, StatsQueryDto } from './stats.dto.js';
import { DURATION_BOUNDS_MS, durationQuantile, type Tally } from './tally.js';

/** How deliveries and inbound calls go, as numbers. */
@WaybillController('stats')
export class StatsController {
  constructor(
    private readonly stats: Stats,
    private readonly scope: TenantScope,
  ) {}

  /**
   * Logs by the time they were created and what they are now, of a tenant, an integration or an action; a log that is retried
   * with success moves from FAIL to SUCCESS where it was counted. Numbers are seconds behind the logs.
   */
  @Get()
  @ApiProblems(404)
  @ApiQuery({ type: OmitType(StatsQueryDto, ['step'] as const) })
  @ApiQuery({ name: 'step', required: false, enum: ROLLUP_STEPS })
  async get(@Caller() caller: Principal, @Query() query: StatsQueryDto): Promise<StatsDto> {
    const { tenantId: named, from, to = new Date(), step, ...of } = query;
    const tenantId = await this.scope.resolve(caller, named);
    const series = await this.stats.of(tenantId, { ...of, from, to, step: stepFor({ from, to, step }) });
    return {
      from: series.from,
      to: series.to,
      step: series.step,
      durationBoundsMs: [...DURATION_BOUNDS_MS],
      total: viewOf(series.total),
      series: series.points.map(({ at, tally }) => ({ at, ...viewOf(tally) })),
    };
  }
}

const viewOf = (tally: Tally) => ({
  ...tally,
  p50Ms: durationQuantile(tally, 0.5),
  p95Ms: durationQuantile(tally, 0.95),
});
