import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSchemathesis } from '../../scripts/schemathesis/index.mjs';

/** It ends within a minute or two; where it hangs, what it printed is worth seeing. */
const TIMEOUT_MS = 270_000;

export interface SchemathesisRun {
  /** The OpenAPI document, at the server that is asked. */
  readonly document: string;
  readonly seed: number;
  /** What the `${...}` of the configuration stand for. */
  readonly env: Readonly<Record<string, string>>;
}

interface Report {
  readonly operations: { readonly selected: number; readonly tested: number };
  readonly test_cases: { readonly generated: number };
}

export interface SchemathesisResult {
  readonly code: number | null;
  readonly report: Report;
  /** All that it printed: each finding with a request that shows it. */
  readonly output: string;
}

/** Sets schemathesis up where it is missing. The lines go to stderr, because stdout may be jest's JSON. */
export const setUpSchemathesis = () => ensureSchemathesis({ log: (line) => void process.stderr.write(`${line}\n`) });

/** Runs it by test/schemathesis.toml to its end, however that is. */
export async function runSchemathesis({ document, seed, env }: SchemathesisRun): Promise<SchemathesisResult> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-schemathesis-'));
  try {
    const path = join(folder, 'report.json');
    const args = ['--no-color', '--config-file', 'test/schemathesis.toml', 'run', document, '--seed', String(seed)];
    const child = spawn(await setUpSchemathesis(), [...args, '--report', 'json', '--report-json-path', path], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    const report = await readFile(path, 'utf8').catch(() => {
      throw new Error(`schemathesis wrote no report:\n${output}`);
    });
    return { code: child.exitCode, report: JSON.parse(report), output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
