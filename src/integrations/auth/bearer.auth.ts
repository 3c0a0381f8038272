import { Equals, IsString, Matches } from 'class-validator';
import { defineAuthKind } from './auth-kind.js';

class BearerAuthInput {
  @Equals('bearer')
  kind!: 'bearer';

  @IsString()
  @Matches(/^[\w.~+/=-]{1,4096}$/, {
    message: 'token must be 1 to 4096 letters, digits or -._~+/= (RFC 6750, section 2.1)',
  })
  token!: string;
}

/** `Authorization: Bearer <token>` (RFC 6750). */
export const BEARER_AUTH = defineAuthKind({
  kind: 'bearer',
  input: BearerAuthInput,
  split: ({ token }) => ({ settings: {}, secret: token }),
  apply: ({ headers }, { secret: token }) => {
    headers['authorization'] = `Bearer ${token}`;
    return [token];
  },
});
