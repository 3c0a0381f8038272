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

export class ReadyDto {
  status!: 'ok' | 'unavailable';

  mongodb!: DependencyHealthDto;

  redis!: DependencyHealthDto;

  /** What this worker has found to be late; it does not make the process unready. */
  late!: LateDto;
}
