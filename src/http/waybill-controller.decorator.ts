import { applyDecorators, Controller, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiProblems } from './api-problems.decorator.js';
import { AuditInterceptor } from './audit.interceptor.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import { ShapePipe } from './shape.pipe.js';

/**
 * A controller of Waybill's API at `/v1/<path>`: behind an API key, what people change written into the audit log,
 * its inputs read by their classes, its errors told as problem details. All of it is bound to the controller, so that a host's own routes stay untouched.
 */
export const WaybillController = (path: string) =>
  applyDecorators(
    Controller(`v1/${path}`),
    UseGuards(ApiKeyGuard),
    UseInterceptors(AuditInterceptor),
    UsePipes(ShapePipe),
    UseFilters(ProblemDetailsFilter),
    ApiTags(path),
    ApiBearerAuth(),
    ApiProblems(400, 401, 403, 500, 503),
  );
