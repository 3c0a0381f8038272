import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { Nested } from '../../common/nested.decorator.js';
import {
  OrderingInput,
  RateLimitInput,
  RetryPolicyInput,
  TrafficInput,
} from '../../integrations/integration-input.dto.js';
import { BULK_FORMATS, type BulkFormat } from '../bulk/record-reader.js';
import { SOURCE_MODES, type SourceMode } from './inbound-source.js';
import { IsPlace } from './is-place.decorator.js';

const DAY_MS = 86_400_000;
const MAX_ALLOWED_RANGES = 100;

export class SourceOrderingInput extends OmitType(OrderingInput, ['by'] as const) {
  /** Where the value stands, such as `/patient/id`: webhooks that share it are worked on one after the other. */
  @IsPlace()
  by!: string;
}

/** What the work on its webhooks may take, across all processes. */
export class SourceTrafficInput extends OmitType(TrafficInput, ['ordering'] as const) {
  @IsOptional()
  @Nested(() => SourceOrderingInput)
  @ApiPropertyOptional({ type: SourceOrderingInput, nullable: true })
  ordering: SourceOrderingInput | null = null;
}

/** Which delivery a webhook answers. */
export class AnswersInput {
  /** Where the vendor's reference stands. */
  @IsPlace()
  reference!: string;

  /** The name under which the delivery's log has lifted that reference: one of its integration's `extracts`. */
  @Matches(/^[A-Za-z_]\w{0,63}$/, { message: 'extract must be the name of an extract' })
  extract!: string;
}

/** A source of webhooks as a person creates it. Secrets in `verification` are written only; no answer ever holds them. */
export class SourceInput {
  @IsString()
  @Length(1, 120)
  name!: string;

  /** Who calls, as support staff call them, and as `@InboundWebhook` names them. */
  @IsString()
  @Length(1, 120)
  vendor!: string;

  /** `false`: its webhooks are answered 503. */
  @IsBoolean()
  @ApiPropertyOptional({ type: 'boolean' })
  enabled = true;

  /** How callers prove who they are: `kind`, and the fields of that kind (docs/inbound.md, Verification). */
  @Allow()
  @ApiProperty({
    type: 'object',
    properties: { kind: { type: 'string' } },
    required: ['kind'],
    additionalProperties: true,
  })
  verification!: Record<string, unknown>;

  /** Where the type of event stands: `header:<name>`, `query:<name>`, or a JSON Pointer into the body, to a field of a form as `/<name>`. `null`: all are of the type `*`. */
  @IsOptional()
  @IsPlace()
  @ApiPropertyOptional({ type: 'string', nullable: true })
  eventType: string | null = null;

  /** Where the vendor's id of the event stands. `null`: the id that the verification vouches for, or else the hash of the body. */
  @IsOptional()
  @IsPlace()
  @ApiPropertyOptional({ type: 'string', nullable: true })
  eventId: string | null = null;

  /**
   * What a webhook can be searched for by, and a person erased by: names to places, such as `{ "patientId": "/patient/id" }`.
   * It stands in the context of its log, cut to 256 characters each. At most 10.
   */
  @IsObject()
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  context: Record<string, string> = {};

  /** For so long the same event is one webhook: 7 days, 30 at the most. */
  @IsInt()
  @Min(1)
  @Max(30 * DAY_MS)
  @ApiPropertyOptional({ type: 'integer' })
  dedupeWindowMs = 7 * DAY_MS;

  /** `async`: acknowledged once it is stored, and worked on later. `sync`: answered with what its handling gives. */
  @IsIn(SOURCE_MODES)
  @ApiPropertyOptional({ enum: SOURCE_MODES })
  mode: SourceMode = 'async';

  /** How long a `sync` source may take to answer; from there on it answers 202, and goes on. */
  @IsInt()
  @Min(100)
  @Max(30_000)
  @ApiPropertyOptional({ type: 'integer' })
  answerWithinMs = 5_000;

  /** Bounds one try of the handling, in milliseconds. */
  @IsInt()
  @Min(100)
  @Max(120_000)
  @ApiPropertyOptional({ type: 'integer' })
  timeoutMs = 30_000;

  /** The largest body that is taken: 1 MiB, 25 at the most. */
  @IsInt()
  @Min(1)
  @Max(26_214_400)
  @ApiPropertyOptional({ type: 'integer' })
  maxBytes = 1_048_576;

  /** Calls that are taken; what is beyond is answered 429. `null`: all. */
  @IsOptional()
  @Nested(() => RateLimitInput)
  @ApiPropertyOptional({ type: RateLimitInput, nullable: true })
  rate: RateLimitInput | null = null;

  /** Addresses that may call, as `203.0.113.0/24` or one by one; empty: any. */
  @IsArray()
  @ArrayMaxSize(MAX_ALLOWED_RANGES)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  @ApiPropertyOptional({ type: [String] })
  allowCidrs: string[] = [];

  /** JSON Schema (draft 2020-12) that the body must meet, else its log FAILs as `rejected`. At most 64 KiB. */
  @IsOptional()
  @IsObject()
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, nullable: true })
  schema: Record<string, unknown> | null = null;

  /**
   * Its webhooks are files of records, each of which is handled by itself: lines of JSON, or CSV whose first line names the
   * columns. `null`: they are not. A schema is then that of a record.
   */
  @IsOptional()
  @IsIn(BULK_FORMATS)
  @ApiPropertyOptional({ enum: BULK_FORMATS, nullable: true })
  bulk: BulkFormat | null = null;

  /** What a webhook is worked on by: `handler`, `forward` with its `url`, or `emit` with its `actionId` and `mapping`. */
  @Allow()
  @ApiPropertyOptional({
    type: 'object',
    properties: { kind: { type: 'string', enum: ['handler', 'forward', 'emit'] } },
    required: ['kind'],
    additionalProperties: true,
  })
  handling: Record<string, unknown> = { kind: 'handler' };

  /** Whether a refused call is logged with its body, which anybody may have sent. */
  @IsBoolean()
  @ApiPropertyOptional({ type: 'boolean' })
  keepsRefusedBodies = false;

  @Nested(() => RetryPolicyInput)
  @ApiPropertyOptional()
  retryPolicy: RetryPolicyInput = new RetryPolicyInput();

  @Nested(() => SourceTrafficInput)
  @ApiPropertyOptional()
  traffic: SourceTrafficInput = new SourceTrafficInput();

  /** `null`: its webhooks answer no delivery. */
  @IsOptional()
  @Nested(() => AnswersInput)
  @ApiPropertyOptional({ type: AnswersInput, nullable: true })
  answers: AnswersInput | null = null;
}
