// @ts-check
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, mustRun, runCommand } from '../../setup/command.mjs';
import { step } from '../../setup/step.mjs';
import { cacheFolder, makeFolder, removeFolder } from '../cache-folder.mjs';
import { Unavailable } from '../setup-failure.mjs';

const VERSION = '2.7.0';
const MODULE = `github.com/FerretDB/FerretDB/v2/cmd/ferretdb@v${VERSION}`;
/** What FerretDB's go.mod asks for; from 1.21 on Go can fetch a newer toolchain by itself. */
const NEEDED_GO = 25;
const SELF_UPDATING_GO = 21;

/** Moved there in one step when it is complete, so its presence says that it is. */
export const ferretdbBinary = () => join(cacheFolder(), 'binaries', `ferretdb-${VERSION}`);

export const ferretdbIsBuilt = () => existsSync(ferretdbBinary());

/** Go is asked for before anything is downloaded. */
export async function assertGo() {
  if (findOnPath('go') === null) throw new Unavailable(`needs Go 1.${NEEDED_GO} or newer on PATH to build FerretDB`);
  const minor = await goMinorVersion();
  if (minor < SELF_UPDATING_GO) throw new Unavailable(`needs Go 1.${NEEDED_GO} to build FerretDB, found 1.${minor}`);
}

/** @param {import('../../setup/step.mjs').Log} log */
export async function buildFerretdb(log) {
  if (ferretdbIsBuilt()) return;
  makeFolder('binaries');
  const building = join(cacheFolder(), 'ferretdb.building');
  await removeFolder(building);
  mkdirSync(building, { recursive: true });
  const toolchain = (await goMinorVersion()) < NEEDED_GO ? { GOTOOLCHAIN: 'auto' } : {};
  await step(log, `go install FerretDB ${VERSION}`, (onLine) =>
    mustRun('go', ['install', MODULE], { env: { ...process.env, ...toolchain, GOBIN: building }, onLine }),
  );
  renameSync(join(building, 'ferretdb'), ferretdbBinary());
  await removeFolder(building);
}

async function goMinorVersion() {
  const { lines } = await runCommand('go', ['env', 'GOVERSION']);
  return Number(/go1\.(\d+)/.exec(lines.join(' '))?.[1] ?? 0);
}
