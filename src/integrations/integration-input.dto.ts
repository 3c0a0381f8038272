import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Nested } from '../common/nested.decorator.js';
import { MAX_ACTION_ID } from '../actions/action-definition.js';
import { ERROR_CLASSES, type ErrorClass } from '../common/error-class.js';
import { RedactionInput } from '../http/redaction.dto.js';
import { DEFAULT_TRAFFIC } from './traffic.js';
import { BODY_FORMATS, type BodyFormat } from './bodies/body-formats.js';
import { type Compression, COMPRESSIONS, HTTP_METHODS, type HttpMethod } from './integration.js';
import { SigningInput } from './signing/signing.dto.js';
import { TlsInput } from './tls/tls.dto.js';

const MAX_EXPRESSION_CHARS = 32_768;

export class EndpointInput {
  @IsIn(HTTP_METHODS)
  @ApiPropertyOptional()
  method: HttpMethod = 'POST';

  /**
   * How the body is written. `form` sends its direct members as form fields, `xml` its one member as the root element, `text`
   * the string that the mapping gives (HL7 v2, CSV), `multipart` its members and each file as parts.
   */
  @IsIn(BODY_FORMATS)
  @ApiPropertyOptional({ enum: BODY_FORMATS })
  format: BodyFormat = 'json';

  /** `gzip` compresses the body and says so in `Content-Encoding`. */
  @IsIn(COMPRESSIONS)
  @ApiPropertyOptional({ enum: COMPRESSIONS })
  compression: Compression = 'none';

  /** `http:` or `https:`; the path and query may hold `{{path}}` parameters, such as `{{context.patientId}}`. */
  @IsString()
  @Length(1, 2_048)
  url!: string;

  /** Header names to values; values may hold `{{path}}` parameters. */
  @IsObject()
  @ApiPropertyOptional()
  headers: Record<string, string> = {};

  /** Query names to values; values may hold `{{path}}` parameters. */
  @IsObject()
  @ApiPropertyOptional()
  query: Record<string, string> = {};
}

export class AttachmentInput {
  /** Dotted path in the outgoing body, such as `report.pdf`; in a multipart body the name of the file's part. */
  @Matches(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,9}$/, { message: 'field must be a dotted path such as report.pdf' })
  field!: string;

  /** The name of a provider of the host (`@AttachmentProvider`). */
  @IsString()
  @Length(1, 128)
  provider!: string;
}

export class SuccessRuleInput {
  /** Statuses that mean success: `200`, or a range `200-299`. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @Matches(/^[1-5]\d\d(-[1-5]\d\d)?$/, {
    each: true,
    message: 'each of statuses must be a status such as 200 or a range such as 200-299',
  })
  @ApiPropertyOptional()
  statuses: string[] = ['200-299'];

  /** JSONata over `{ status, headers, body }` that must also be true. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_EXPRESSION_CHARS)
  @ApiPropertyOptional()
  expression: string | null = null;
}

/**
 * Exponential backoff with full jitter: the wait before try n + 1 is random between 0 and
 * `min(maxDelayMs, baseDelayMs * 2^(n-1))`.
 *
 * The defaults make 20 tries with 19 waits: 11 that grow from 10 s to 10 s * 2^10 (together 10 s * (2^11 - 1) = 20,470 s)
 * and 8 at the cap of 4 h (115,200 s): at most 37.7 h, expected half of it, 18.8 h, with a
 * standard deviation of 3.4 h: about a day.
 */
export class RetryPolicyInput {
  @IsInt()
  @Min(1)
  @Max(100)
  @ApiPropertyOptional({ type: 'integer' })
  maxAttempts = 20;

  @IsInt()
  @Min(10)
  @Max(86_400_000)
  @ApiPropertyOptional({ type: 'integer' })
  baseDelayMs = 10_000;

  @IsInt()
  @Min(10)
  @Max(7 * 86_400_000)
  @ApiPropertyOptional({ type: 'integer' })
  maxDelayMs = 14_400_000;

  /** The waits between tries, in milliseconds, one try more than waits. Where they are given the three settings above are not used. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsInt({ each: true })
  @Min(10, { each: true })
  @Max(7 * 86_400_000, { each: true })
  @ApiPropertyOptional({ type: [Number], nullable: true })
  waitsMs: number[] | null = null;

  /** Milliseconds from when the action happened after which a delivery is pointless: it FAILs, and no call is made or retried. */
  @IsOptional()
  @IsInt()
  @Min(1_000)
  @Max(90 * 86_400_000)
  @ApiPropertyOptional({ type: 'integer', nullable: true })
  deadlineMs: number | null = null;
}

export class RateLimitInput {
  /** Calls in one `per`. */
  @IsInt()
  @Min(1)
  @Max(100_000)
  calls!: number;

  @IsIn(['second', 'minute'])
  @ApiPropertyOptional()
  per: 'second' | 'minute' = 'second';

  /** Calls that may be made at once after a pause. */
  @IsInt()
  @Min(1)
  @Max(10_000)
  @ApiPropertyOptional({ type: 'integer' })
  burst = 1;
}

/**
 * Opens when at least `minCalls` were made in the window and the share that failed (no answer, or a 5xx) reaches
 * `failureRatio`. While it is open, deliveries wait and use up no tries; after `openMs`, doubled each time up to 10 minutes,
 * two calls find out whether the vendor is back.
 */
export class BreakerInput {
  @IsNumber()
  @Min(0.01)
  @Max(1)
  @ApiPropertyOptional({ type: 'number' })
  failureRatio = DEFAULT_TRAFFIC.breaker.failureRatio;

  @IsInt()
  @Min(1)
  @Max(10_000)
  @ApiPropertyOptional({ type: 'integer' })
  minCalls = DEFAULT_TRAFFIC.breaker.minCalls;

  @IsInt()
  @Min(1_000)
  @Max(3_600_000)
  @ApiPropertyOptional({ type: 'integer' })
  windowMs = DEFAULT_TRAFFIC.breaker.windowMs;

  @IsInt()
  @Min(100)
  @Max(3_600_000)
  @ApiPropertyOptional({ type: 'integer' })
  openMs = DEFAULT_TRAFFIC.breaker.openMs;

  /** Open for this long without a break: the integration is disabled. */
  @IsInt()
  @Min(1_000)
  @Max(30 * 86_400_000)
  @ApiPropertyOptional({ type: 'integer' })
  disableAfterMs = DEFAULT_TRAFFIC.breaker.disableAfterMs;
}

export class OrderingInput {
  /** Name of a field of the action's context, such as `patientId`. Deliveries that share its value go one after the other. */
  @Matches(/^[A-Za-z_]\w{0,63}$/, { message: 'by must be the name of a field of the context' })
  by!: string;

  /** Whether a delivery that FAILed holds back those behind it until it is retried with success. */
  @IsIn(['hold', 'continue'])
  @ApiPropertyOptional()
  afterFail: 'hold' | 'continue' = 'hold';
}

/** What a person's retry may do. */
export class RetryRulesInput {
  /**
   * Whether the very body of the last try may be sent again, for a vendor that needs the same one. Otherwise every retry is
   * built from the live record.
   */
  @IsBoolean()
  @ApiPropertyOptional({ type: 'boolean' })
  allowAsSent = false;
}

/** When FAILed logs are tried again by themselves, such as in the nightly window of a vendor. */
export class RetryScheduleInput {
  /**
   * Five fields, as in crontab: minute, hour, day of the month, month, day of the week.
   * @example "30 2 * * *"
   */
  @IsString()
  @Length(9, 120)
  cron!: string;

  /**
   * A name of the IANA database.
   * @example "Europe/Berlin"
   */
  @IsString()
  @Length(1, 64)
  timeZone!: string;

  /** Logs whose last error is of one of these classes. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(ERROR_CLASSES, { each: true })
  @ApiPropertyOptional({ enum: ERROR_CLASSES, isArray: true })
  classes: ErrorClass[] = ['transient', 'unknown'];

  /** Logs that one run tries at the most, the oldest first. */
  @IsInt()
  @Min(1)
  @Max(10_000)
  @ApiPropertyOptional({ type: 'integer' })
  limitPerRun = 1_000;
}

/** What the vendor bears, across all processes. */
export class TrafficInput {
  /** Calls at the same time. Without it: a fair share of what the workers can do. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  @ApiPropertyOptional({ type: 'integer', nullable: true })
  concurrency: number | null = null;

  @IsOptional()
  @Nested(() => RateLimitInput)
  @ApiPropertyOptional()
  rate: RateLimitInput | null = null;

  @Nested(() => BreakerInput)
  @ApiPropertyOptional()
  breaker: BreakerInput = new BreakerInput();

  @IsOptional()
  @Nested(() => OrderingInput)
  @ApiPropertyOptional()
  ordering: OrderingInput | null = null;
}

/** A URL of the host that is told QUEUED, SUCCESS and FAIL of each delivery. */
export class StatusCallbackInput {
  /** Gets a POST of `{ type, timestamp, data }`, signed as Standard Webhooks; any 2xx means that it was taken. */
  @IsString()
  @Length(1, 2_048)
  @Matches(/^[^{}]*$/, { message: 'url must not hold placeholders' })
  url!: string;
}

/** An integration as a person creates it. Secrets in `auth` are written only; no answer ever holds them. */
export class IntegrationInput {
  @IsInt()
  @Min(1)
  @Max(MAX_ACTION_ID)
  actionId!: number;

  @IsString()
  @Length(1, 120)
  name!: string;

  /** Whom it goes to, as support staff call them. */
  @IsString()
  @Length(1, 120)
  vendor!: string;

  @IsBoolean()
  @ApiPropertyOptional({ type: 'boolean' })
  enabled = true;

  @Nested(() => EndpointInput)
  endpoint!: EndpointInput;

  /** How its calls authenticate: `kind`, and the fields of that kind (docs/integrations.md, Authentication). */
  @IsObject()
  @ApiPropertyOptional()
  auth: Record<string, unknown> = { kind: 'none' };

  /** A client certificate, private authorities, or both, beside any `auth`; `null`: neither. */
  @IsOptional()
  @Nested(() => TlsInput)
  @ApiPropertyOptional({ type: TlsInput, nullable: true })
  tls: TlsInput | null = null;

  /** `webhook-signature` on every delivery (Standard Webhooks); `null`: none. */
  @IsOptional()
  @Nested(() => SigningInput)
  @ApiPropertyOptional({ type: SigningInput, nullable: true })
  signing: SigningInput | null = null;

  /** JSONata over `{ action, context, tenantId, occurredAt }`; only where it is true is a delivery made. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_EXPRESSION_CHARS)
  @ApiPropertyOptional()
  filter: string | null = null;

  /** JSONata over `{ data, context, action, tenantId, deliveryId, occurredAt }` that makes the outgoing body. Without it `data` is sent. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_EXPRESSION_CHARS)
  @ApiPropertyOptional()
  mapping: string | null = null;

  /**
   * JSON Schema (draft 2020-12) that the outgoing body must meet, else the delivery FAILs without a call. It sees what the
   * mapping gives; where a file will stand it sees some base64. At most 64 KiB.
   */
  @IsOptional()
  @IsObject()
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, nullable: true })
  schema: Record<string, unknown> | null = null;

  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => AttachmentInput)
  @ApiPropertyOptional()
  attachments: AttachmentInput[] = [];

  @Nested(() => SuccessRuleInput)
  @ApiPropertyOptional()
  successRule: SuccessRuleInput = new SuccessRuleInput();

  /**
   * Values to lift from the answer into the log, where they can be searched for: names to JSONata over `{ status, headers,
   * body }`. Each must give a primitive of at most 256 characters, or nothing. At most 10.
   */
  @IsObject()
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  extracts: Record<string, string> = {};

  /** Bytes of each request and response body that a log keeps. Without it, and at most, `limits.loggedBodyBytes` of the settings. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @ApiPropertyOptional({ type: 'integer', nullable: true })
  loggedBodyBytes: number | null = null;

  /** What its logs hide beside what the tenant's hide. */
  @Nested(() => RedactionInput)
  @ApiPropertyOptional()
  redaction: RedactionInput = new RedactionInput();

  /** Bounds one whole call, in milliseconds. */
  @IsInt()
  @Min(100)
  @Max(120_000)
  @ApiPropertyOptional({ type: 'integer' })
  timeoutMs = 30_000;

  @Nested(() => RetryPolicyInput)
  @ApiPropertyOptional()
  retryPolicy: RetryPolicyInput = new RetryPolicyInput();

  @Nested(() => RetryRulesInput)
  @ApiPropertyOptional()
  retry: RetryRulesInput = new RetryRulesInput();

  /** `null`: what FAILed waits for a person. */
  @IsOptional()
  @Nested(() => RetryScheduleInput)
  @ApiPropertyOptional({ type: RetryScheduleInput, nullable: true })
  retrySchedule: RetryScheduleInput | null = null;

  @Nested(() => TrafficInput)
  @ApiPropertyOptional()
  traffic: TrafficInput = new TrafficInput();

  /** The secret that its calls are signed with is made by Waybill and answered once, as `statusCallbackSecret`. */
  @IsOptional()
  @Nested(() => StatusCallbackInput)
  @ApiPropertyOptional()
  statusCallback: StatusCallbackInput | null = null;
}
