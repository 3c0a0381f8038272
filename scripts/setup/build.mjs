// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../services/lock.mjs';
import { SetupFailure } from '../services/setup-failure.mjs';
import { runCommand } from './command.mjs';
import { PROJECT } from './project.mjs';
import { step } from './step.mjs';

const SOURCE_FOLDERS = ['src', 'demo', 'bench'];
const SOURCE_FILES = ['package.json', 'package-lock.json', 'nest-cli.json'];
const OUTPUTS = ['dist/index.js', '.build/demo', '.build/bench'];

/**
 * Builds unless the last successful build was of exactly these sources and its output is still there.
 * @param {{ log: import('./step.mjs').Log, project?: string }} options
 */
export async function ensureBuilt({ log, project = PROJECT }) {
  const folder = join(project, '.build');
  const marker = join(folder, 'built-from');
  mkdirSync(folder, { recursive: true });
  await withLock({ file: join(folder, 'build.lock'), what: 'the build', log }, async () => {
    const hash = hashOfSources(project); // before the build: what is edited meanwhile is built the next time
    const isCurrent = existsSync(marker) && readFileSync(marker, 'utf8') === hash;
    if (isCurrent && OUTPUTS.every((output) => existsSync(join(project, output)))) return;
    await step(log, 'npm run build', async (onLine) => {
      const { code, lines } = await runCommand('npm', ['run', 'build'], { cwd: project, onLine });
      if (code === 0) return;
      for (const line of lines) log(`  ${line}`);
      throw new SetupFailure(`The build failed with ${code}; its output is above.`);
    });
    writeFileSync(marker, hash);
  });
}

/** @param {string} project */
function hashOfSources(project) {
  const hash = createHash('sha256');
  for (const file of sourcesOf(project)) {
    const content = readFileSync(join(project, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} project @returns {string[]} relative paths, in a stable order; tests are not built */
function sourcesOf(project) {
  const top = readdirSync(project).filter((name) => SOURCE_FILES.includes(name) || /^tsconfig.*\.json$/.test(name));
  const below = SOURCE_FOLDERS.filter((folder) => existsSync(join(project, folder))).flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
      .map((entry) => join(entry.parentPath, entry.name).slice(join(project, '/').length)),
  );
  return [...top, ...below].toSorted();
}
