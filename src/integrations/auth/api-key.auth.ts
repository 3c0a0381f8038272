import { Equals, IsIn, IsString, Matches } from 'class-validator';
import { defineAuthKind } from './auth-kind.js';

class ApiKeyAuthInput {
  @Equals('api-key')
  kind!: 'api-key';

  /** Whether the key travels in a header or in the query. */
  @IsIn(['header', 'query'])
  in!: 'header' | 'query';

  @IsString()
  @Matches(/^[\w.-]{1,128}$/, { message: 'name must be 1 to 128 letters, digits or -_.' })
  name!: string;

  @IsString()
  @Matches(/^[\x21-\x7e]{1,4096}$/, { message: 'value must be 1 to 4096 printable ASCII characters without spaces' })
  value!: string;
}

/** A fixed key in a header or a query parameter of the vendor's choice. */
export const API_KEY_AUTH = defineAuthKind({
  kind: 'api-key',
  input: ApiKeyAuthInput,
  split: ({ in: place, name, value }) => ({ settings: { in: place, name }, secret: value }),
  apply: ({ headers, url }, { settings: { in: place, name }, secret: value }) => {
    if (place === 'query') url.searchParams.set(name, value);
    else headers[name.toLowerCase()] = value;
    return [value];
  },
});
