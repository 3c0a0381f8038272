import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches } from 'class-validator';
import { LOG_STATUSES, type LogStatus } from '../logging/integration-log.js';

export class PauseRequestDto {
  /** Why its deliveries have to wait, for those who see them waiting: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;
}

export class HoldingDeliveryDto {
  logId!: string;

  /** `FAIL`: it goes on once a person has it retried with success, or resolves it. `QUEUED`: it is still being tried. */
  @ApiProperty({ enum: LOG_STATUSES })
  status!: LogStatus;
}

export class HeldDeliveryDto {
  logId!: string;

  since!: Date;

  /** The one that has to end first; `null` where it has just ended. */
  behind!: HoldingDeliveryDto | null;
}

/** What goes on at an integration, and what keeps its deliveries waiting. */
export class TrafficStateDto {
  /** Tries that are being made, or are about to be. */
  inLane!: number;

  /** How many there may be at present. */
  limit!: number;

  /** Deliveries that are due and have not ended: `inLane` and those that wait for a slot. At most 10,001 are counted. */
  due!: number;

  /** When the oldest of them was due; `null` where there is none. */
  oldestDueAt!: Date | null;

  /**
   * Deliveries that wait for an earlier one with the same ordering key to end, and are not due until it has. At most 10,001
   * are counted.
   */
  held!: number;

  /** The one of them that waits longest; `null` where there is none. */
  longestHeld!: HeldDeliveryDto | null;

  /** `open`: calls fail, deliveries wait; `half-open`: two calls find out whether the vendor is back. */
  breaker!: 'closed' | 'open' | 'half-open';

  /** When the open breaker lets a call through. */
  probeAt!: Date | null;

  /** The vendor asked for fewer calls: there are none before then. */
  coolUntil!: Date | null;

  paused!: boolean;
}
