export class LiveDto {
  status!: 'ok';
}

export class DependencyHealthDto {
  ok!: boolean;

  /** How long it took to answer, in milliseconds. */
  ms!: number;
}

export class LateDto {
  /** Integrations with a delivery that was due more than a minute ago; paused ones are not counted. */
  integrations!: number;

  /** When the oldest of them was due. */
  oldestDueAt!: Date | null;
}

/** Records of calls that are not in MongoDB yet. */
export class UnwrittenDto {
  /** In the memory of this process, durable nowhere yet. */
  inMemory!: number;

  /** In Redis, of all processes; `null` while Redis does not answer. */
  inQueue!: number | null;

  /** In files of this process. */
  spoolBytes!: number;

  /** Since when neither takes any more, because the disk or its share of it is full; `null` while they do. */
  stuckSince!: Date | null;

  /** Found no room anywhere, since this process started. */
  dropped!: number;
}

export class ReadyDto {
  status!: 'ok' | 'unavailable';

  mongodb!: DependencyHealthDto;

  redis!: DependencyHealthDto;

  /** What this worker has found to be late; it does not make the process unready. */
  late!: LateDto;

  /** What is kept until MongoDB takes it; it does not make the process unready. */
  unwritten!: UnwrittenDto;
}
