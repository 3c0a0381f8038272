import { Type } from 'class-transformer';
import {
  Allow,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { Connection } from 'mongoose';

export const ROLES = ['api', 'worker', 'all'] as const;
/** What a process does: serve the HTTP API and emit, work the lanes, or both. */
export type Role = (typeof ROLES)[number];

const INDEX_MODES = ['auto', 'create', 'check'] as const;
type IndexMode = (typeof INDEX_MODES)[number];

const KIB = 1024;
const MIB = 1024 * KIB;

export class MongodbOptions {
  /**
   * Connection string of the database that holds the truth; its path names the database, its `socketTimeoutMS` the longest that an
   * operation may take (30 s where it has none). Ignored where `connection` is given.
   */
  @IsOptional()
  @IsString()
  @Matches(/^mongodb(\+srv)?:\/\//, { message: 'uri must start with mongodb:// or mongodb+srv://' })
  uri?: string;

  /**
   * What happens to the indexes at the start: `create` makes those that are missing, `check` refuses the start where one is
   * missing or different, `auto` checks where `NODE_ENV` is `production` and creates elsewhere. In production `db up` makes them.
   */
  @IsIn(INDEX_MODES)
  indexes: IndexMode = 'auto';

  /** The host's own mongoose connection: give it so that `emit(..., { session })` can join the host's transactions. */
  @Allow()
  connection?: Connection;
}

/** The driver's own error for such a URL says no more than that it is invalid. */
const IsReadableUrl = () =>
  ValidateBy(
    {
      name: 'isReadableUrl',
      validator: {
        validate: (text: unknown) => typeof text !== 'string' || !text.includes('://') || URL.canParse(text),
      },
    },
    { message: 'url must be a URL; encode /, @, ? and # in its password as %2F, %40, %3F and %23' },
  );

export class RedisOptions {
  /** Connection string of the Redis that holds the queues; everything in it can be rebuilt. */
  @IsString()
  @Matches(/^rediss?:\/\//, { message: 'url must start with redis:// or rediss://' })
  @IsReadableUrl()
  url!: string;

  /** Starts every key, so that several installations can share one Redis. */
  @IsString()
  @Matches(/^[\w-]{1,64}$/, { message: 'prefix must be 1 to 64 letters, digits, _ or -' })
  prefix = 'waybill';
}

export class NetworkOptions {
  /** Address ranges that deliveries may reach although they are private, as CIDR (`10.1.0.0/16`). Empty: public addresses only. */
  @IsArray()
  @IsString({ each: true })
  @ArrayUnique()
  allowCidrs: string[] = [];
}

export class DeliveryOptions {
  /** Calls that one process makes at the same time; four times as many tries are read, made and recorded at once. */
  @IsInt()
  @Min(1)
  @Max(1_000)
  concurrency = 200;

  /**
   * After this many milliseconds without a sign of life, a worker's deliveries are taken over by another; so long after its
   * `timeoutMs` a webhook of a `sync` source whose process has recorded no end of it.
   */
  @IsInt()
  @Min(1_000)
  @Max(600_000)
  takeoverAfterMs = 30_000;

  /** Tries due later than this many milliseconds stay in MongoDB only and are queued when their time comes near. */
  @IsInt()
  @Min(1_000)
  @Max(86_400_000)
  queueAheadMs = 60_000;

  /**
   * Bytes of attachments that one process holds at the same time; a delivery whose files do not fit waits for its turn. Before
   * a file is there, `limits.attachmentBytes` is set aside for it. A compressed body takes as much again.
   */
  @IsInt()
  @Min(MIB)
  @Max(64 * 1024 * MIB)
  attachmentBudgetBytes = 128 * MIB;

  /** Milliseconds that a stopping process gives its running calls to end. */
  @IsInt()
  @Min(0)
  @Max(600_000)
  stopTimeoutMs = 25_000;
}

export class ReconcilerOptions {
  /** Milliseconds between two looks for logs that are due and have no job. */
  @IsInt()
  @Min(100)
  @Max(3_600_000)
  intervalMs = 5_000;

  /** A log is looked at once it is overdue by this many milliseconds; until then its emitter may still be queueing it. */
  @IsInt()
  @Min(0)
  @Max(3_600_000)
  graceMs = 10_000;
}

/**
 * The wait before try n + 1 of a status callback is random between 0 and `min(maxDelayMs, baseDelayMs * 2^(n-1))`. The defaults
 * make 10 waits that grow from 5 s to 5 s * 2^9 (together 5 s * (2^10 - 1) = 5,115 s, on the average half of it, 43 min), and then
 * waits of half an hour on the average: about 57 tries in a day.
 */
export class CallbackOptions {
  /** Milliseconds of the longest wait before a status callback is tried a second time; doubled for each further try. */
  @IsInt()
  @Min(10)
  @Max(3_600_000)
  baseDelayMs = 5_000;

  /** Milliseconds that no wait between two tries of a status callback is longer than. */
  @IsInt()
  @Min(10)
  @Max(86_400_000)
  maxDelayMs = 3_600_000;

  /** A status that could not be told for this many milliseconds is given up; the delivery itself is not touched. */
  @IsInt()
  @Min(0)
  @Max(7 * 86_400_000)
  giveUpAfterMs = 86_400_000;
}

export class InsightsOptions {
  /** Milliseconds between two rounds that sum changed logs up for the statistics and the failure groups. */
  @IsInt()
  @Min(100)
  @Max(3_600_000)
  intervalMs = 5_000;
}

/** Where the records of calls are kept while MongoDB is away. */
export class SpoolOptions {
  /**
   * Folder on a disk of this machine for records that Redis does not take either. Each installation has a folder of its own
   * in it, and each process one in that. It must outlive the process; on a volume, the host name must stay the same.
   */
  @IsString()
  @Matches(/^[^\0]{1,4096}$/, { message: 'dir must be the path of a folder' })
  dir = '/var/tmp/waybill-spool';

  /** Bytes that one process keeps there; where they are used up, deliveries wait, and calls of the host go unlogged. */
  @IsInt()
  @Min(64 * KIB)
  @Max(1024 * 1024 * MIB)
  maxBytes = 1024 * MIB;

  /** Bytes of such records, encrypted, that all processes together keep in Redis before they use the folder. 0: none. */
  @IsInt()
  @Min(0)
  @Max(64 * 1024 * MIB)
  queueMaxBytes = 64 * MIB;
}

export class CallsOptions {
  /**
   * A decorated call whose process has given no sign of life for this many milliseconds FAILs as `unknown`. Should it end
   * after all, its log tells so.
   */
  @IsInt()
  @Min(400)
  @Max(86_400_000)
  lostAfterMs = 120_000;
}

export class LimitOptions {
  /** Bytes of an HTTP request body of Waybill's own API. */
  @IsInt()
  @Min(KIB)
  @Max(64 * MIB)
  requestBytes = MIB;

  /** Bytes of one action context as JSON; it holds ids and primitives only. */
  @IsInt()
  @Min(256)
  @Max(MIB)
  contextBytes = 8 * KIB;

  /** Bytes of one attachment before encoding. */
  @IsInt()
  @Min(KIB)
  @Max(256 * MIB)
  attachmentBytes = 10 * MIB;

  /** Bytes of a whole outgoing body, attachments included. */
  @IsInt()
  @Min(KIB)
  @Max(512 * MIB)
  outgoingBytes = 16 * MIB;

  /** Bytes of a vendor's answer that are read; the rest is cut off. */
  @IsInt()
  @Min(KIB)
  @Max(64 * MIB)
  responseBytes = MIB;

  /** Bytes of a request or response body that a log keeps. What is over 16 KiB is kept apart, compressed. */
  @IsInt()
  @Min(0)
  @Max(64 * MIB)
  loggedBodyBytes = 64 * KIB;

  /**
   * Bytes of the bodies of webhooks that one process holds at once, as they come and until they are stored and their callers
   * answered; beyond them callers are answered 503. One source gets no more than is left for others, save for one body: half
   * of all where no other is busy.
   */
  @IsInt()
  @Min(32 * MIB)
  @Max(64 * 1024 * MIB)
  webhookBytes = 256 * MIB;

  /** Milliseconds that the database may take over one page of a search of the logs, before it is told to be narrowed. */
  @IsInt()
  @Min(1)
  @Max(25_000)
  searchTimeoutMs = 5_000;

  /** Logs that one export holds at the most; what is cut off says how to go on. */
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  exportRows = 100_000;
}

export class RetentionOptions {
  /** Milliseconds between two looks of the workers for what a tenant keeps past its time. */
  @IsInt()
  @Min(1_000)
  @Max(86_400_000)
  intervalMs = 300_000;
}

/** All settings of Waybill. Unknown settings and wrong values stop the start, all faults named at once. */
export class WaybillOptions {
  @ValidateNested()
  @Type(() => MongodbOptions)
  mongodb!: MongodbOptions;

  @ValidateNested()
  @Type(() => RedisOptions)
  redis!: RedisOptions;

  /**
   * Keys that encrypt vendors' secrets: `id:base64` of 32 bytes each, separated by commas. The first encrypts, all decrypt.
   * `openssl rand -base64 32` makes one.
   */
  @IsString()
  secretKeys!: string;

  @ValidateNested()
  @Type(() => NetworkOptions)
  network: NetworkOptions = new NetworkOptions();

  @ValidateNested()
  @Type(() => DeliveryOptions)
  delivery: DeliveryOptions = new DeliveryOptions();

  @ValidateNested()
  @Type(() => ReconcilerOptions)
  reconciler: ReconcilerOptions = new ReconcilerOptions();

  @ValidateNested()
  @Type(() => RetentionOptions)
  retention: RetentionOptions = new RetentionOptions();

  @ValidateNested()
  @Type(() => CallbackOptions)
  callback: CallbackOptions = new CallbackOptions();

  @ValidateNested()
  @Type(() => InsightsOptions)
  insights: InsightsOptions = new InsightsOptions();

  @ValidateNested()
  @Type(() => SpoolOptions)
  spool: SpoolOptions = new SpoolOptions();

  @ValidateNested()
  @Type(() => CallsOptions)
  calls: CallsOptions = new CallsOptions();

  @ValidateNested()
  @Type(() => LimitOptions)
  limits: LimitOptions = new LimitOptions();
}
