import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const PROJECT = join(__dirname, '../..');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

/** Folders whose files are called by their path from the project's root. */
const MENTIONED = /(?<![\w./-])(?:src|demo|test|bench|scripts|docs)\/[\w./-]*\w/g;
const LINK = /\]\(([^)\s]+)\)/g;
const HEADING = /^#+ +(.+)$/gm;

/** What a reader reads: a file that a block of code stands for is of another project. */
const prose = (page: string) => readFileSync(join(PROJECT, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string) => [...prose(page).matchAll(HEADING)].map(([, heading = '']) => anchorOf(heading));

function brokenLinksOf(page: string): string[] {
  const links = [...prose(page).matchAll(LINK)].map(([, link = '']) => link).filter((link) => !/^\w+:/.test(link));
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : relative(PROJECT, join(PROJECT, dirname(page), path));
    if (!existsSync(join(PROJECT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

describe.each(PAGES)('%s', (page) => {
  it('links to what exists', () => {
    expect(brokenLinksOf(page)).toEqual([]);
  });

  it('mentions files that exist', () => {
    const mentioned = [...prose(page).matchAll(MENTIONED)].map(([path]) => path);
    expect(mentioned.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  });
});

it('every decision is in the index', () => {
  const index = prose('docs/decisions/README.md');
  const records = PAGES.filter((page) => /^docs\/decisions\/\d/.test(page)).map((page) => page.split('/').at(-1) ?? '');
  expect(records.filter((record) => !index.includes(`(${record})`))).toEqual([]);
});
