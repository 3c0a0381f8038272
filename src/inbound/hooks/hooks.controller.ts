import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { All, Controller, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type HttpRequest } from '../../http/http-message.js';
import { ProblemDetailsFilter } from '../../http/problem-details.filter.js';
import { contentOf } from '../handlers/answer-content.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import { HookGate } from './hook-gate.js';

/** So long a caller that still sends has for reading its answer. */
const READ_WITHIN_MS = 1_000;

/** Where vendors call: any method, since some ask by GET whether the address is ours. */
@Controller('hooks')
@UseFilters(ProblemDetailsFilter)
@ApiExcludeController()
export class HooksController {
  constructor(private readonly gate: HookGate) {}

  @All(':token')
  async take(
    @Param('token') token: string,
    @Req() request: HttpRequest,
    @Res() response: ServerResponse,
  ): Promise<void> {
    try {
      write(response, await this.gate.pass(token, request));
    } finally {
      // What is still to come of a body that was not taken is not waited for, however much that is.
      if (!request.complete && !response.headersSent) {
        response.setHeader('connection', 'close');
        closeLater(request.socket);
      }
    }
  }
}

/** A connection that is closed while its caller still sends is reset, and takes the answer with it that was not read yet. */
function closeLater(socket: Socket): void {
  const close = socket.destroySoon.bind(socket);
  socket.destroySoon = () => void setTimeout(close, READ_WITHIN_MS).unref();
}

function write(response: ServerResponse, answer: HandlerAnswer): void {
  const { text, contentType } = contentOf(answer);
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (contentType !== null) response.setHeader('content-type', contentType);
  response.end(text ?? undefined);
}
