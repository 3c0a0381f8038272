import { IsString, Length, Matches } from 'class-validator';

export class PauseRequestDto {
  /** Why its deliveries have to wait, for those who see them waiting: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;
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

  /** `open`: calls fail, deliveries wait; `half-open`: two calls find out whether the vendor is back. */
  breaker!: 'closed' | 'open' | 'half-open';

  /** When the open breaker lets a call through. */
  probeAt!: Date | null;

  /** The vendor asked for fewer calls: there are none before then. */
  coolUntil!: Date | null;

  paused!: boolean;
}
