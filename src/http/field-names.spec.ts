import { fieldNamesOf } from './field-names.js';

describe('the names of the fields of a body', () => {
  it('are told one level deep, and never a value', () => {
    const body = {
      name: 'Ana',
      endpoint: { url: 'https://x', headers: { a: 'b' } },
      auth: {},
      list: [{ a: 1 }],
      off: null,
    };
    expect(fieldNamesOf(body)).toEqual(['auth', 'endpoint.headers', 'endpoint.url', 'list', 'name', 'off']);
  });

  it('leave out what no setting is called', () => {
    expect(fieldNamesOf({ 'Ana Souza': 1, 'P-1042': 1, endpoint: { 'x y': 1 } })).toEqual(['endpoint']);
    expect(fieldNamesOf(undefined)).toEqual([]);
    expect(fieldNamesOf(['a'])).toEqual([]);
  });
});
