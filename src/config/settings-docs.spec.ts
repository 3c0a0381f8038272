import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SETTING_VARIABLES } from './setting-variables.js';
import { settingsPage } from './settings-docs.js';

const PAGE = join(__dirname, '../../docs/settings.md');

describe('docs/settings.md', () => {
  const page = settingsPage(readFileSync(join(__dirname, 'waybill-options.ts'), 'utf8'));

  it('is current; `npm run docs:settings` writes it', () => {
    if (process.env['UPDATE_DOCS'] === '1') {
      mkdirSync(dirname(PAGE), { recursive: true });
      writeFileSync(PAGE, page);
    }
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });

  it('says in words what each setting is', () => {
    const wordless = page.split('\n').filter((line) => line.startsWith('| `') && line.endsWith('|  |'));
    expect(wordless).toEqual([]);
    expect(SETTING_VARIABLES.length).toBeGreaterThan(15);
  });
});
