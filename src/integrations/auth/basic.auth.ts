import { Equals, IsString, Length, Matches } from 'class-validator';
import { defineAuthKind } from './auth-kind.js';

class BasicAuthInput {
  @Equals('basic')
  kind!: 'basic';

  @IsString()
  @Length(1, 256)
  @Matches(/^[^:]*$/, { message: 'username must not contain a colon (RFC 7617, section 2)' })
  username!: string;

  @IsString()
  @Length(1, 1024)
  password!: string;
}

/** `Authorization: Basic base64(username:password)` in UTF-8 (RFC 7617). */
export const BASIC_AUTH = defineAuthKind({
  kind: 'basic',
  input: BasicAuthInput,
  split: ({ username, password }) => ({ settings: { username }, secret: password }),
  apply: ({ headers }, { settings: { username }, secret: password }) => {
    const credentials = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
    headers['authorization'] = `Basic ${credentials}`;
    return [password, credentials];
  },
});
