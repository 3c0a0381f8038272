import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';

/** JSONata compiles a regular expression each time it comes to it; this keeps the ones in use. */
const compiled = new LRUCache<string, RE2JS>({ max: 100 });

/**
 * RE2 behind the part of RegExp that JSONata uses: a match takes time in proportion to the text, whatever the pattern.
 * Look-around and back-references do not exist in RE2: such a pattern is refused when it is compiled.
 */
export class SafeRegExp {
  lastIndex = 0;
  private readonly pattern: RE2JS;

  constructor(expression: RegExp) {
    this.pattern = compile(expression);
  }

  /** @throws RE2JSException that says what RE2 does not know. */
  static requireSupported(expression: RegExp): void {
    compile(expression);
  }

  exec(text: string) {
    const matcher = this.pattern.matcher(text);
    if (!matcher.find(this.lastIndex)) {
      this.lastIndex = 0;
      return null;
    }
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined);
    this.lastIndex = matcher.end();
    return Object.assign(groups, { index: matcher.start(), input: text });
  }
}

function compile(expression: RegExp): RE2JS {
  const key = String(expression);
  const known = compiled.get(key);
  if (known) return known;
  const { ignoreCase, multiline, source } = expression;
  const flags = (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (multiline ? RE2JS.MULTILINE : 0);
  const pattern = RE2JS.compile(source, flags);
  compiled.set(key, pattern);
  return pattern;
}
