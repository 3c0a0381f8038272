export class LiveDto {
  status!: 'ok';
}

export class DependencyHealthDto {
  ok!: boolean;

  /** How long it took to answer, in milliseconds. */
  ms!: number;
}

export class ReadyDto {
  status!: 'ok' | 'unavailable';

  mongodb!: DependencyHealthDto;

  redis!: DependencyHealthDto;
}
