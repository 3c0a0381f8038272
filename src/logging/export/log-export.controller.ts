import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Get, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiQuery, ApiOkResponse } from '@nestjs/swagger';
import { isRecord, kindOf } from '../../common/primitives.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Caller } from '../../http/principal.decorator.js';
import { RequestInvalidError } from '../../http/request-invalid.error.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import type { Principal } from '../../security/api-keys/principal.js';
import { ApiLogFilter } from '../api-log-filter.decorator.js';
import { decodeLogCursor } from '../log-cursor.js';
import { planOf, readLogSearch } from '../log-search.js';
import { EXPORT_FORMATS, EXPORT_WRITERS, type ExportFormat } from './export-format.js';
import { LogExport } from './log-export.js';

/** What a search finds as a file. Its route must be known before that of one log. */
@WaybillController('logs')
export class LogExportController {
  constructor(
    private readonly logs: LogExport,
    private readonly scope: TenantScope,
  ) {}

  /**
   * All logs that a search finds, newest first, as CSV or as JSON lines. It is sent as fast as it is read. An export that is
   * cut at the limit of rows says so in its last record, with the `cursor` to go on from.
   */
  @Get('export')
  @ApiLogFilter(['limit'])
  @ApiQuery({ name: 'format', enum: EXPORT_FORMATS })
  @ApiProduces('text/csv', 'application/x-ndjson')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiProblems(404, 422)
  async export(
    @Caller() caller: Principal,
    @Query() { format, ...parameters }: Record<string, unknown>,
    @Res() response: ServerResponse,
  ): Promise<void> {
    if (!isFormat(format)) throw formatFault(format);
    const search = readLogSearch(parameters);
    const tenantId = await this.scope.resolve(caller, search.query.tenantId);
    const writer = EXPORT_WRITERS[format];
    const chunks = await this.logs.open(planOf(tenantId, search), decodeLogCursor(search.query.cursor), writer);
    response.setHeader('content-type', writer.contentType);
    response.setHeader('content-disposition', `attachment; filename="logs.${format}"`);
    response.setHeader('cache-control', 'no-store');
    await sendAll(chunks, response);
  }
}

/** An export that fails midway breaks the connection off, so that nobody takes it for complete. */
async function sendAll(chunks: AsyncIterable<string>, response: ServerResponse): Promise<void> {
  try {
    await pipeline(Readable.from(chunks, { objectMode: true, highWaterMark: 1 }), response);
  } catch (error) {
    const isReaderGone = isRecord(error) && error['code'] === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isReaderGone) throw error;
  }
}

const isFormat = (value: unknown): value is ExportFormat => EXPORT_FORMATS.some((format) => format === value);

const formatFault = (format: unknown) =>
  new RequestInvalidError([
    {
      field: 'format',
      expected: `must be one of ${EXPORT_FORMATS.join(', ')}`,
      received: format === undefined ? 'missing' : kindOf(format),
    },
  ]);
