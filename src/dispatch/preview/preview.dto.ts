import { ApiProperty } from '@nestjs/swagger';
import { ERROR_CLASSES, type ErrorClass } from '../../common/error-class.js';
import { CapturedRequestDto } from '../../logging/log-detail.dto.js';
import { PREVIEW_WARNINGS, type PreviewWarning } from './preview-warnings.js';
import type { WebhookOutlook } from './webhook-previewer.js';
import type { ChangeKind, RequestPart } from './request-diff.js';

/** Why there would be no call. */
export class PreviewRefusalDto {
  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass!: ErrorClass;

  errorCode!: string;

  errorMessage!: string;

  /** What a person can do about it. */
  remedy!: string | null;
}

/** What a try would send now. */
export class PreviewedTryDto {
  /** The version of the integration; `null` where it was deleted. */
  integrationVersion!: number | null;

  /** `null` where there would be no call. */
  request!: CapturedRequestDto | null;

  refusal!: PreviewRefusalDto | null;
}

export class SentTryDto {
  number!: number;

  startedAt!: Date;

  integrationVersion!: number | null;

  outcome!: 'running' | 'success' | 'fail' | 'unknown';

  request!: CapturedRequestDto | null;
}

export class RequestChangeDto {
  @ApiProperty({ enum: ['method', 'url', 'headers', 'body'] })
  part!: RequestPart;

  @ApiProperty({ enum: ['added', 'removed', 'changed', 'moved'] })
  kind!: ChangeKind;

  /** JSON Pointer in a JSON body, the name of a header, `line <n>` of any other body. */
  path!: string;

  @ApiProperty({ nullable: true, description: 'As it was sent; any JSON value' })
  before!: unknown;

  @ApiProperty({ nullable: true, description: 'As it would be sent; any JSON value' })
  after!: unknown;
}

export class PreviewWarningDto {
  @ApiProperty({ enum: PREVIEW_WARNINGS })
  code!: PreviewWarning['code'];

  message!: string;
}

/** What working on a webhook once more would do now. */
export class WebhookOutlookDto {
  @ApiProperty({ enum: ['handler', 'forward', 'emit'] })
  handling!: WebhookOutlook['handling'];

  type!: string;

  /** In one sentence. */
  does!: string;

  /** Of the actions that its mapping would emit now; `null` where it has none. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', properties: { tenantId: { type: 'string' } }, additionalProperties: true },
    nullable: true,
  })
  contexts!: unknown[] | null;
}

/** What a retry would send now, beside what was sent last; redacted as the log is. */
export class RetryPreviewDto {
  logId!: string;

  next!: PreviewedTryDto;

  /** The last try that made a request; `null` where none did. */
  last!: SentTryDto | null;

  /** In the order method, URL, headers, body; empty where the same would be sent. `null`: there is nothing to compare. */
  @ApiProperty({ type: [RequestChangeDto], nullable: true })
  changes!: RequestChangeDto[] | null;

  /** There are more changes than are listed. */
  changesCut!: boolean;

  /** Why what was sent last can be compared in part only, or not at all. */
  incomplete!: string | null;

  /** What to know before a retry. */
  warnings!: PreviewWarningDto[];

  /** Only of a webhook, which sends nothing. */
  webhook!: WebhookOutlookDto | null;
}
