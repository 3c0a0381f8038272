import { newSourceId } from '../../common/ids.js';
import { isHookAddress, withoutHookSecret } from '../../http/hook-address.js';
import { addressOf, newSourceToken, pageAddressOf } from './source-token.js';

describe('the addresses of a new source', () => {
  it.each([addressOf, pageAddressOf])('are known by their form: %p', (address) => {
    const { text } = newSourceToken(newSourceId(), new Date());
    expect(isHookAddress(address(text))).toBe(true);
    expect(withoutHookSecret(`/web/${text}`)).toBe('/web/***');
  });
});
