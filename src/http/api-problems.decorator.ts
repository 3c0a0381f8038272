import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from './problem.dto.js';

const DESCRIPTIONS = {
  400: 'The request is malformed, or has missing, mistyped or unknown fields',
  401: 'The API key is missing, unknown or revoked',
  403: 'The API key is not for this tenant, or not one of the platform',
  404: 'There is no such thing, or it belongs to another tenant',
  409: 'It conflicts with what is there',
  413: 'The body or the context is too large',
  422: 'What the request holds cannot be worked with; nothing was saved',
  500: 'Something unexpected happened',
  503: 'The database cannot be reached; Retry-After says when to come again',
} as const;

export type ProblemStatus = keyof typeof DESCRIPTIONS;

/** Documents the problems that a route can answer with. */
export const ApiProblems = (...statuses: readonly ProblemStatus[]) =>
  applyDecorators(
    ApiExtraModels(ProblemDto),
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: DESCRIPTIONS[status],
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
      }),
    ),
  );
