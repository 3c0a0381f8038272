import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import type { SchemaFault, SchemaOutcome, SchemaTask } from './schema-task.js';

/** Loaded by the expression threads, when the first schema comes: a tenant's schema can take any time, as its expressions can. */

const MAX_FAULTS = 20;
const MAX_PLACE_CHARS = 200;

/** 512 Ki characters of schemas: a compiled one takes some twenty times that, about 10 MiB of the thread's memory. */
const compiled = new LRUCache<string, ValidateFunction>({
  maxSize: 512 * 1024,
  sizeCalculation: (_, schemaJson) => schemaJson.length + 1,
});

class PatternRefused extends Error {
  constructor(
    readonly pattern: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`is not a regular expression of RE2 (no look-around, no back-references): ${why}`, { cause });
  }
}

/** RE2 in the place of RegExp: a match takes time in proportion to the text, whatever the pattern. */
class SafePattern {
  private readonly re2: RE2JS;

  constructor(private readonly pattern: string) {
    try {
      this.re2 = RE2JS.compile(RE2JS.translateRegExp(pattern));
    } catch (error) {
      throw new PatternRefused(pattern, error);
    }
  }

  test(text: string): boolean {
    return this.re2.matcher(text).find();
  }

  /** ajv tells patterns apart by it. */
  toString(): string {
    return this.pattern;
  }
}

const regExp = Object.assign((pattern: string) => new SafePattern(pattern), { code: 'waybill-re2' });
const STRICT = { strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true, logger: false } as const;

/** Knows the schema of schemas, and names the place of what is wrong. */
const META = new Ajv2020(STRICT);

export function validate({ schemaJson, valueJson }: SchemaTask): SchemaOutcome {
  let check = compiled.get(schemaJson);
  if (!check) {
    const made = compile(schemaJson);
    if ('faults' in made) return made;
    check = made.check;
    compiled.set(schemaJson, check);
  }
  if (valueJson === null || check(JSON.parse(valueJson))) return { ok: true };
  return { ok: false, invalid: 'value', ...boundedFaults(check.errors ?? []) };
}

function compile(schemaJson: string): { check: ValidateFunction } | (SchemaOutcome & { ok: false }) {
  const schema: Record<string, unknown> = JSON.parse(schemaJson);
  try {
    if (META.validateSchema(schema) !== true)
      return { ok: false, invalid: 'schema', ...boundedFaults(META.errors ?? []) };
    // An instance of its own: in a shared one, a `$ref` of one tenant could reach the `$id` of another.
    const ajv = addFormats.default(
      new Ajv2020({ ...STRICT, meta: false, validateSchema: false, inlineRefs: false, code: { regExp } }),
    );
    const check = ajv.compile(schema);
    if ('$async' in check) return refused({ place: '/$async', rule: 'must not be there' });
    return { check };
  } catch (error) {
    return refused(faultOf(error, schema));
  }
}

const refused = (fault: SchemaFault) => ({ ok: false, invalid: 'schema', faults: [fault], faultCount: 1 }) as const;

/** The same fault comes once for each way through the schema. */
function boundedFaults(errors: readonly ErrorObject[]) {
  const all = new Map(
    errors.map(({ instancePath, keyword, message }) => {
      const place = instancePath.slice(0, MAX_PLACE_CHARS);
      return [`${place} ${keyword} ${message}`, { place, rule: `${message ?? 'must be valid'} (${keyword})` }] as const;
    }),
  );
  return { faults: [...all.values()].slice(0, MAX_FAULTS), faultCount: all.size };
}

/** What ajv throws says the place in some of its messages only; else it quotes the name that is wrong. */
function faultOf(error: unknown, schema: Record<string, unknown>): SchemaFault {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PatternRefused) {
    const { pattern } = error;
    const place = placeOf(schema, (name, value) => name === pattern || (name === 'pattern' && value === pattern));
    return { place: place ?? '', rule: message };
  }
  const said = /(?:at|at path) "#([^"]*)"/.exec(message)?.[1];
  if (said !== undefined) return { place: said, rule: message };
  if (message.startsWith('no schema with key or ref'))
    return { place: '/$schema', rule: 'must be https://json-schema.org/draft/2020-12/schema, or not be there' };
  const reference = /can't resolve reference (\S+)/.exec(message)?.[1];
  const key = /unknown keyword: "([^"]*)"/.exec(message)?.[1];
  const place = placeOf(schema, (name, value) => {
    if (reference !== undefined) return (name === '$ref' || name === '$dynamicRef') && value === reference;
    return name === key;
  });
  return { place: place ?? '', rule: message };
}

function placeOf(node: unknown, fits: (name: string, value: unknown) => boolean, path = ''): string | null {
  if (typeof node !== 'object' || node === null) return null;
  for (const [name, value] of Object.entries(node)) {
    const place = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (fits(name, value)) return place;
    const inner = placeOf(value, fits, place);
    if (inner !== null) return inner;
  }
  return null;
}
