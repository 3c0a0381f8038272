import { Equals } from 'class-validator';
import { defineAuthKind } from './auth-kind.js';

class NoAuthInput {
  @Equals('none')
  kind!: 'none';
}

export const NO_AUTH = defineAuthKind({
  kind: 'none',
  input: NoAuthInput,
  split: () => ({ settings: {}, secret: null }),
  apply: () => [],
});
