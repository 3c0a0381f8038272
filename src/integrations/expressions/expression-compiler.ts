import jsonata from 'jsonata';
import { EXPRESSION_LIMITS } from './expression-limits.js';
import { ExpressionSyntaxError } from './expression-syntax.error.js';
import { guardBuiltIns } from './guarded-built-ins.js';
import { LimitReachedError } from './limit-reached.error.js';
import { SafeRegExp } from './safe-regexp.js';

export interface CompiledExpression {
  /**
   * One evaluation at a time. The time is checked between the steps of the expression: a single step that hangs is
   * stopped by the sandbox only. Functions are bounded, but the memory of the whole is the thread's business.
   */
  evaluate(input: unknown, timeoutMs: number): Promise<unknown>;
}

const { sourceBytes, patternLength, stringLength, sequenceLength, depth } = EXPRESSION_LIMITS;

/** JSONata calls what it finds under this name after each step of an evaluation. */
const AFTER_STEP = Symbol.for('jsonata.__evaluate_exit');

/** The operator `&` is the one way to grow a string that is not a function. */
function requireConcatenation(step: jsonata.ExprNode, _input: unknown, _environment: unknown, result: unknown): void {
  if (step.type === 'binary' && typeof result === 'string' && result.length > stringLength) {
    throw new LimitReachedError('string', `A string grew past ${stringLength} characters`);
  }
}

/**
 * Compiles a tenant's JSONata: RE2 for regular expressions, bounded functions, `$eval` off. Parsing takes
 * milliseconds, at the very worst 0.2 s; evaluating is for the sandbox's threads only.
 * @throws ExpressionSyntaxError
 */
export function compileExpression(source: string): CompiledExpression {
  // JSONata reads the time limit from its options at the start of each evaluation.
  const options: jsonata.JsonataOptions = {
    timeout: 0,
    stack: depth,
    sequence: sequenceLength,
  };
  // Assigned, since JSONata's types ask for all of RegExp while it uses new, exec and lastIndex.
  Object.assign(options, { RegexEngine: SafeRegExp });
  const expression = parse(source, options);
  expression.registerFunction('now', nowIn, '<s?s?:s>');
  Reflect.apply(expression.assign, expression, [AFTER_STEP, requireConcatenation]);
  return {
    async evaluate(input, timeoutMs) {
      await guardBuiltIns();
      options.timeout = timeoutMs;
      return expression.evaluate(input);
    },
  };
}

async function nowIn(this: jsonata.Focus, picture?: string, timezone?: string): Promise<unknown> {
  const fromMillis = (await guardBuiltIns()).get('fromMillis');
  return fromMillis?.implementation.call(this, this.environment.timestamp.getTime(), picture, timezone);
}

function parse(source: string, options: jsonata.JsonataOptions): jsonata.Expression {
  const sizeBytes = Buffer.byteLength(source);
  if (sizeBytes > sourceBytes) {
    throw new ExpressionSyntaxError(source, { reason: `It has ${sizeBytes} bytes; the limit is ${sourceBytes}` });
  }
  try {
    const expression = jsonata(source, options);
    requireRegularExpressions(source, expression.ast());
    return expression;
  } catch (error) {
    throw error instanceof ExpressionSyntaxError ? error : syntaxErrorOf(source, error);
  }
}

function syntaxErrorOf(source: string, error: unknown): ExpressionSyntaxError {
  if (error instanceof RangeError) {
    return new ExpressionSyntaxError(source, { reason: 'It is nested too deeply' }, { cause: error });
  }
  const { message, position, token }: Partial<jsonata.JsonataError> = Object(error);
  const reason = message ?? 'It cannot be read';
  return new ExpressionSyntaxError(source, { reason, position, token: typeof token === 'string' ? token : undefined });
}

interface PlacedPattern {
  readonly expression: RegExp;
  readonly position: number | undefined;
}

/** Regular expressions are compiled at evaluation; this finds those that RE2 refuses while their author is looking. */
function requireRegularExpressions(source: string, ast: jsonata.ExprNode): void {
  const different = new Map(patternsIn(ast).map((pattern) => [String(pattern.expression), pattern]));
  const length = [...different.keys()].reduce((sum, text) => sum + text.length, 0);
  if (length > patternLength) {
    const reason = `Its regular expressions have ${length} characters; the limit is ${patternLength}`;
    throw new ExpressionSyntaxError(source, { reason });
  }
  for (const { expression, position } of different.values()) requireRegularExpression(source, expression, position);
}

function patternsIn(ast: jsonata.ExprNode): PlacedPattern[] {
  const found: PlacedPattern[] = [];
  const open: unknown[] = [ast];
  const seen = new Set<unknown>();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    if ('value' in node && node.value instanceof RegExp) {
      found.push({ expression: node.value, position: 'position' in node ? Number(node.position) : undefined });
    }
    open.push(...Object.values(node).filter((member) => member !== undefined));
  }
  return found;
}

function requireRegularExpression(source: string, expression: RegExp, position: number | undefined): void {
  try {
    SafeRegExp.requireSupported(expression);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'not supported';
    const reason = `The regular expression is not one of RE2 (no look-around, no back-references): ${why}`;
    throw new ExpressionSyntaxError(source, { reason, position }, { cause: error });
  }
}
