import { parseArgs } from 'node:util';

export const USAGE = `npm run demo -- [options]

  --once         end after the story; exit code 0 only if every expectation held
  --json         one JSON object as the last line of stdout; the story goes to stderr
  --patients N   how many patients (default 200, 1 to 5000); with --fhir: at most so many of the folder
  --fhir DIR     read the patients from FHIR R4 transaction bundles (.json or .json.gz) in DIR
  --port N       port of the HTTP API (default: a free one)
  --help         this text`;

const MAX_PATIENTS = 5_000;
const MAX_PORT = 65_535;

export interface DemoOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly patients: number | null;
  readonly fhirFolder: string | null;
  /** 0: a free one. */
  readonly port: number;
}

/** A flag that cannot be understood. The message says which, what was expected, and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function parseCommandLine(args: readonly string[]): DemoOptions {
  const { values } = parse(args);
  return {
    once: values.once,
    json: values.json,
    help: values.help,
    patients: wholeNumber('--patients', values.patients, 1, MAX_PATIENTS),
    fhirFolder: values.fhir ?? null,
    port: wholeNumber('--port', values.port, 0, MAX_PORT) ?? 0,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        patients: { type: 'string' },
        fhir: { type: 'string' },
        port: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function wholeNumber(flag: string, value: string | undefined, from: number, to: number): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= from && number <= to) return number;
  throw new UsageError(
    `${flag} must be a whole number from ${from} to ${to}, and is "${value}". Give another one, or leave it out.`,
  );
}
