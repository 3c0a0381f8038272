import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

// Stands in for src/integrations/expressions/expression-worker.location.ts (moduleNameMapper in jest.config.js): a thread
// loads its program without jest, so the program and what it imports are compiled to a folder of their own, named by their
// content. It lies in node_modules so that imports of packages are found from there.
const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = join(root, 'src/integrations/expressions/expression.worker.ts');

const sources = new Map<string, string>();
collect(entry);
const hash = createHash('sha256')
  .update(JSON.stringify([...sources]))
  .digest('hex')
  .slice(0, 16);
const folder = join(root, 'node_modules/.cache/waybill-expression-worker', hash);
for (const [file, source] of sources) compile(file, source);
write(join(folder, 'package.json'), '{ "type": "module" }');

export const EXPRESSION_WORKER_URL = pathToFileURL(compiledPathOf(entry)).href;

function collect(file: string): void {
  if (sources.has(file)) return;
  const source = readFileSync(file, 'utf8');
  sources.set(file, source);
  for (const [, imported = ''] of source.matchAll(/from '(\.[^']+)\.js'/g))
    collect(join(dirname(file), `${imported}.ts`));
}

function compile(file: string, source: string): void {
  const { code } = transformSync(source, {
    filename: file,
    swcrc: false,
    module: { type: 'es6' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  write(compiledPathOf(file), code);
}

function compiledPathOf(file: string): string {
  return join(folder, relative(join(root, 'src'), file)).replace(/\.ts$/, '.js');
}

/** Renaming is atomic: test processes that start together never see half a file. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
}
