import { Equals, IsIn, IsString, Matches } from 'class-validator';
import { AUTH_NAME, AUTH_NAME_SAYS, authHeaderFaults } from './auth-header.js';
import { defineAuthKind } from './auth-kind.js';

class ApiKeyAuthInput {
  @Equals('api-key')
  kind!: 'api-key';

  /** Whether the key travels in a header or in the query. */
  @IsIn(['header', 'query'])
  in!: 'header' | 'query';

  @IsString()
  @Matches(AUTH_NAME, { message: `name ${AUTH_NAME_SAYS}` })
  name!: string;

  @IsString()
  @Matches(/^[\x21-\x7e]{1,4096}$/, { message: 'value must be 1 to 4096 printable ASCII characters without spaces' })
  value!: string;
}

/** A fixed key in a header or a query parameter of the vendor's choice. */
export const API_KEY_AUTH = defineAuthKind({
  kind: 'api-key',
  input: ApiKeyAuthInput,
  check: ({ in: place, name }) => (place === 'header' ? authHeaderFaults('name', name) : []),
  split: ({ in: place, name, value }) => ({ settings: { in: place, name }, secret: value }),
  apply: ({ headers, url }, { settings: { in: place, name }, secret: value }) => {
    if (place === 'query') url.searchParams.set(name, value);
    else headers[name.toLowerCase()] = value;
    return [value];
  },
});
