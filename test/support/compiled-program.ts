import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles a program of TypeScript and what it imports of this project, for a thread or a process that runs without jest,
 * and answers with the path of the compiled entry. It lies in node_modules so that imports of packages are found from
 * there, in a folder that is named by its content.
 */
export function compiledProgram(entry: string): string {
  const sources = new Map<string, string>();
  collect(join(root, entry), sources);
  const hash = createHash('sha256')
    .update(JSON.stringify([...sources]))
    .digest('hex')
    .slice(0, 16);
  const folder = join(root, 'node_modules/.cache/waybill-programs', hash);
  const compiledPathOf = (file: string) => join(folder, relative(root, file)).replace(/\.ts$/, '.js');
  for (const [file, source] of sources) write(compiledPathOf(file), compile(file, source));
  write(join(folder, 'package.json'), '{ "type": "module" }');
  return compiledPathOf(join(root, entry));
}

function collect(file: string, sources: Map<string, string>): void {
  if (sources.has(file)) return;
  const source = readFileSync(file, 'utf8');
  sources.set(file, source);
  for (const [, imported = ''] of source.matchAll(/(?:from |import\()'(\.[^']+)\.js'/g))
    collect(join(dirname(file), `${imported}.ts`), sources);
}

function compile(filename: string, source: string): string {
  const parser = { syntax: 'typescript', decorators: true } as const;
  const transform = { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false };
  const jsc = { target: 'es2022', parser, transform, keepClassNames: true } as const;
  return transformSync(source, { filename, swcrc: false, module: { type: 'es6' }, jsc }).code;
}

/** Renaming is atomic: test processes that start together never see half a file. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
}
