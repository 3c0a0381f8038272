import { RE2JS } from 're2js';
import { isRecord } from './primitives.js';

/** What a tenant, an integration or a decorated method wants hidden beside what always is. */
export interface RedactionSettings {
  /**
   * Places in the request and the response as the log shows them: `/body/patient/name`, `/response/body/items/N/note`,
   * `/headers/x-patient`, `/query/name`, `/params/patientId`: see {@link parsePath}.
   */
  readonly paths: readonly string[];
  /** Names of members, headers, parameters and elements, wherever they stand; in any case, without regard to `-` and `_`. */
  readonly names: readonly string[];
  /** RE2 expressions; what they match is hidden in every text. */
  readonly patterns: readonly string[];
}

export const NO_REDACTION: RedactionSettings = { paths: [], names: [], patterns: [] };

const SIDES = ['request', 'response'] as const;
export type Side = (typeof SIDES)[number];

const PARTS = ['body', 'headers', 'query', 'params'] as const;
export type Part = (typeof PARTS)[number];

/** One path: the names on the way, `*` for any one, `**` for any number of them. */
type Segments = readonly string[];

interface Path {
  readonly side: Side | null;
  readonly part: Part;
  readonly segments: Segments;
}

/** Compared without case, dashes, underscores, dots and blanks. */
export const normalisedName = (text: string) => text.toLowerCase().replace(/[-_.\s]/g, '');

/** Settings as they are worked by; made once and used for many tries. */
export class RedactionRules {
  private readonly paths: readonly Path[];
  private readonly names: ReadonlySet<string>;
  private readonly patterns: readonly RE2JS[];

  constructor(settings: readonly RedactionSettings[]) {
    this.paths = settings.flatMap(({ paths }) => paths).map(parsePath);
    this.names = new Set(settings.flatMap(({ names }) => names).map(normalisedName));
    const patterns = new Set(settings.flatMap((one) => one.patterns));
    this.patterns = [...patterns].map((pattern) => RE2JS.compile(pattern));
  }

  /** Whether a body has to be taken apart whatever it looks like. */
  get walksEveryBody(): boolean {
    return this.names.size > 0 || this.patterns.length > 0;
  }

  isHiddenName(name: string): boolean {
    return this.names.size > 0 && this.names.has(normalisedName(name));
  }

  pathsInto(side: Side, part: Part): Segments[] {
    return this.paths
      .filter((path) => (path.side === null || path.side === side) && path.part === part)
      .map(({ segments }) => segments);
  }

  text(text: string, replacement: string): string {
    return this.patterns.reduce((shown, pattern) => replaced(shown, pattern, replacement), text);
  }
}

/** An expression that matches nothing at a place hides nothing there. */
function replaced(text: string, pattern: RE2JS, replacement: string): string {
  const matcher = pattern.matcher(text);
  let shown = '';
  let done = 0;
  while (matcher.find()) {
    if (matcher.end() === matcher.start()) continue;
    shown += text.slice(done, matcher.start()) + replacement;
    done = matcher.end();
  }
  return done === 0 ? text : shown + text.slice(done);
}

/**
 * Reads a path as RFC 6901 writes one (`~0` is `~`, `~1` is `/`), that starts with the part it leads into: `body`, `headers`,
 * `query`, or `params` of a host's own route, with `request` or `response` before it where it is to be of one of them only.
 * @throws Error that says what is wrong with it.
 */
export function parsePath(path: string): Path {
  const [start, ...names] = path.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const side = SIDES.find((known) => known === names[0]) ?? null;
  const [first, ...segments] = side === null ? names : names.slice(1);
  const part = PARTS.find((known) => known === first);
  if (start !== '' || !part)
    throw new Error('must start with /body, /headers, /query or /params, or /request or /response before it');
  if (part !== 'body' && segments.length !== 1) throw new Error(`must name one of the ${part}, as in /${part}/name`);
  return { side, part, segments: part === 'headers' ? segments.map((name) => name.toLowerCase()) : segments };
}

export const NO_RULES = new RedactionRules([]);

/** The paths as they go on below a member; one that is empty ends there. */
function pathsBelow(paths: readonly Segments[], name: string): Segments[] {
  return paths.flatMap((path): Segments[] => {
    const [first, ...rest] = path;
    if (first === '**') return [path, ...pathsBelow([rest], name)];
    return first === '*' || first === name ? [rest] : [];
  });
}

/** Whether a path ends here; `**` stands for no names too. */
const endsHere = (paths: readonly Segments[]) => paths.some((path) => path.every((segment) => segment === '**'));

/** A copy of a value without what the paths lead to. */
export function withoutPaths(value: unknown, paths: readonly Segments[], replacement: string): unknown {
  if (paths.length === 0) return value;
  if (endsHere(paths)) return replacement;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => withoutPaths(item, pathsBelow(paths, String(index)), replacement));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutPaths(member, pathsBelow(paths, name), replacement)]),
  );
}
