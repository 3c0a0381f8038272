import { randomBytes } from 'node:crypto';
import { isHookAddress, prefixOfHook, withoutHookSecret } from './hook-address.js';

const token = `${'0123456789abcdef'.repeat(2)}.${'Ab-_9'.repeat(8)}xyz`;
const encoded = (text: string) => text.replace(/./g, (char) => `%${char.charCodeAt(0).toString(16)}`);

describe('withoutHookSecret', () => {
  it.each([
    [`/hooks/${token}`, '/hooks/***'],
    [`/source-pages/${token}`, '/source-pages/***'],
    [`https://waybill.example/api/hooks/${token}/?a=1`, 'https://waybill.example/api/hooks/***/?a=1'],
    [`/HOOKS/${token}`, '/HOOKS/***'],
    [`/Source-Pages/${token}/check`, '/Source-Pages/***/check'],
    [`/Hooks/${token.slice(0, -1)}`, '/Hooks/***'],
    [`/hooks//${token.toUpperCase()}`, '/hooks//***'],
    [`/%68ooks/${token}`, '/%68ooks/***'],
    [`/hooks%2f${encoded(token)}`, '/hooks%2f***'],
    [`/web/${token.replace('.', '%2E')}`, '/web/***'],
    [`/web/${encodeURIComponent(encoded(token))}`, '/web/***'],
    [`/v1/logs?at=${token}&next=${encodeURIComponent(`/hooks/${token}`)}`, '/v1/logs?at=***&next=%2Fhooks%2F***'],
    [`Cannot POST /Hook/${token}`, 'Cannot POST /Hook/***'],
  ])('%s is shown as %s', (address, shown) => {
    expect(withoutHookSecret(address)).toBe(shown);
  });

  it('leaves other addresses as they are, and takes no time over long ones', () => {
    for (const path of ['/v1/sources/src_0123456789abcdef0123456789abcdef', '/webhooks', '/hooks', '/hooks/'])
      expect(withoutHookSecret(path)).toBe(path);
    const startedMs = performance.now();
    for (const piece of ['%25', 'a', '%2525', '25', '/hooks/']) withoutHookSecret(piece.repeat(20_000));
    withoutHookSecret(randomBytes(50_000).toString('hex'));
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe('an address that vendors call', () => {
  it.each([
    [`/hooks/${token}`, ''],
    [`/Hooks/${token}/?a=1`, ''],
    [`/api/v7/source-pages/${token}/check`, '/api/v7'],
    [`/api/hooks/${encoded(token)}`, '/api'],
  ])('is %s, behind "%s"', (url, prefix) => {
    expect(isHookAddress(url)).toBe(true);
    expect(prefixOfHook(url)).toBe(prefix);
  });

  it.each(['/hooks/github', '/v1/hooks', `/desk/${token}`, `/v1/logs?at=${token}`, `/hooks/${token}/more`])(
    'is not %s, which is a path of the host',
    (url) => expect(isHookAddress(url)).toBe(false),
  );
});
