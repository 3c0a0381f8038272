import { LRUCache } from 'lru-cache';
import { compileExpression, type CompiledExpression } from './expression-compiler.js';
import type { SchemaOutcome, SchemaTask } from '../schemas/schema-task.js';
import { type ExpressionFailure, failureOf } from './expression-failure.js';
import { plainResult } from './plain-result.js';

/** What a thread is asked; the input comes as JSON text. */
export interface ExpressionTask {
  readonly source: string;
  readonly inputJson: string;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

/** What it answers; `resultJson` is missing where the expression selected nothing. */
export type ExpressionOutcome =
  | { readonly ok: true; readonly resultJson: string | undefined }
  | { readonly ok: false; readonly failure: ExpressionFailure };

/** 256 Ki characters of source: a syntax tree takes some fifty times that, about 12 MiB of the thread's memory. */
const compiled = new LRUCache<string, CompiledExpression>({
  maxSize: 256 * 1024,
  sizeCalculation: (_, source) => source.length + 1,
});

/** A task, and where its thread says that it has begun with it. */
export interface BegunTask<Task> {
  readonly begun: Int32Array;
  readonly task: Task;
}

export async function evaluate({ begun, task }: BegunTask<ExpressionTask>): Promise<ExpressionOutcome> {
  Atomics.store(begun, 0, 1);
  const { source, inputJson, timeoutMs, maxOutputBytes } = task;
  try {
    const result = await compiledOf(source).evaluate(JSON.parse(inputJson), timeoutMs);
    return { ok: true, resultJson: plainResult(result, maxOutputBytes) };
  } catch (error) {
    return { ok: false, failure: failureOf(error, source) };
  }
}

function compiledOf(source: string): CompiledExpression {
  const known = compiled.get(source);
  if (known) return known;
  const expression = compileExpression(source);
  compiled.set(source, expression);
  return expression;
}

/** Loaded when the first schema comes: most threads never see one. */
export async function validate({ begun, task }: BegunTask<SchemaTask>): Promise<SchemaOutcome> {
  const validator = await import('../schemas/schema-validator.js');
  Atomics.store(begun, 0, 1);
  return validator.validate(task);
}

/** What a thread can be asked, by the name of its function. */
export interface ThreadJobs {
  readonly evaluate: { readonly task: ExpressionTask; readonly outcome: ExpressionOutcome };
  readonly validate: { readonly task: SchemaTask; readonly outcome: SchemaOutcome };
}
