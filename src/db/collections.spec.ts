import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLLECTIONS } from './collections.js';

const SOURCE = join(__dirname, '..');

describe('the list of collections', () => {
  it('holds every one that is defined', () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
    const named = files
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .flatMap((file) => [
        ...readFileSync(join(SOURCE, file), 'utf8').matchAll(
          /define(?:Collection<[^(]*\(\{\s*name: |Versions\()'(\w+)'/g,
        ),
      ])
      .map(([, name = '']) => name);
    expect(new Set(COLLECTIONS.map(({ name }) => name))).toEqual(new Set(named));
  });
});
