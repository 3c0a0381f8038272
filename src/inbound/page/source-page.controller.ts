import type { ServerResponse } from 'node:http';
import { Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { HttpRequest } from '../../http/http-message.js';
import { ProblemDetailsFilter } from '../../http/problem-details.filter.js';
import { HookRequests } from '../hooks/hook-requests.js';
import { baseOf } from '../hooks/raw-request-of.js';
import { PAGE_HEADERS, pageHtml } from './page-html.js';
import { type CheckedRequest, SourcePages } from './source-page.js';

const OK = 200;

/** The page for a vendor's developer: its address is all that is needed to see it. */
@Controller('source-pages')
@UseFilters(ProblemDetailsFilter)
@ApiExcludeController()
export class SourcePageController {
  constructor(
    private readonly pages: SourcePages,
    private readonly requests: HookRequests,
  ) {}

  @Get(':token')
  async show(
    @Param('token') token: string,
    @Req() request: HttpRequest,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const page = await this.pages.read(token, baseOf(request));
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    response.end(pageHtml(page));
  }

  @Post(':token/check')
  @HttpCode(OK)
  async check(@Param('token') token: string, @Req() request: HttpRequest): Promise<CheckedRequest> {
    return this.pages.check(token, baseOf(request), (source, use) => this.requests.holding(source, request, use));
  }
}
