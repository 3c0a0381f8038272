import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { TrueCase } from '../generated-cases.js';
import { InputError } from '../input.error.js';
import { caseOfBundle } from './fhir-case.js';
import { readBundle } from './read-bundle.js';

const unzip = promisify(gunzip);
/** A bundle that unpacks to more is no bundle of one patient. */
const MAX_BUNDLE_BYTES = 256 * 1024 * 1024;
const SHOWN_FAULTS = 5;

/**
 * Reads the patients of a folder of FHIR R4 transaction bundles, one patient each (`.json` or `.json.gz`), in the order of
 * their file names; at most `limit` of them where one is given.
 * @throws InputError naming the files that cannot be used.
 */
export async function readFhirFolder(folder: string, limit = Number.POSITIVE_INFINITY): Promise<TrueCase[]> {
  const files = (await listBundles(folder)).slice(0, limit);
  const cases: TrueCase[] = [];
  const faults: string[] = [];
  for (const file of files) {
    try {
      cases.push(caseOfBundle(readBundle(await readJson(join(folder, file)))));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(`${file} ${error.message}`);
    }
  }
  if (faults.length === 0) return cases;
  const more = faults.length > SHOWN_FAULTS ? [`… and ${faults.length - SHOWN_FAULTS} more`] : [];
  const shown = [...faults.slice(0, SHOWN_FAULTS), ...more].map((fault) => `  ${fault}`).join('\n');
  throw new InputError(
    `${faults.length} of ${files.length} files in ${folder} cannot be used:\n${shown}\nCorrect them or take them away.`,
  );
}

async function listBundles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `The folder ${folder} cannot be read (${error.code ?? error.message}). Give --fhir a folder of FHIR R4 bundles.`,
    );
  });
  const bundles = names.filter((name) => /\.json(\.gz)?$/.test(name)).sort();
  if (bundles.length > 0) return bundles;
  throw new InputError(
    `There is no .json or .json.gz file in ${folder}. Give --fhir a folder of FHIR R4 transaction bundles.`,
  );
}

async function readJson(path: string): Promise<unknown> {
  const bytes = await readBytes(path);
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    return json;
  } catch (error) {
    throw new InputError(`is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    return path.endsWith('.gz') ? await unzip(bytes, { maxOutputLength: MAX_BUNDLE_BYTES }) : bytes;
  } catch (error) {
    throw new InputError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
