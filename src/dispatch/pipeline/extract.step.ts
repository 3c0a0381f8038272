import { Injectable } from '@nestjs/common';
import { kindOf } from '../../common/primitives.js';
import type { Redactor } from '../../common/redaction.js';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import { answerBodyOf } from './answer-body.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Of a lifted text: it becomes a key of an index. */
const MAX_CHARS = 256;

type Lifted = { readonly value: string | number | boolean | undefined } | { readonly fault: string };

/** Lifts values from the answer, whatever its status. What cannot be lifted is said in the log and changes nothing else. */
@Injectable()
export class ExtractStep implements PipelineStep {
  constructor(private readonly sandbox: ExpressionSandbox) {}

  run(delivery: Delivery): Promise<void> | void {
    const entries = Object.entries(delivery.integration.extracts ?? {});
    if (entries.length > 0 && delivery.response) return this.lift(delivery, entries);
  }

  private async lift(delivery: Delivery, entries: readonly (readonly [string, string])[]): Promise<void> {
    const { response } = delivery;
    if (!response) return;
    const redactor = delivery.redactor();
    const body = redactor.withoutPaths(answerBodyOf(response), 'response');
    const answer = { status: response.status, headers: response.headers, body };
    const all = await Promise.all(
      entries.map(async ([name, source]) => [name, await this.evaluate(source, answer, delivery, redactor)] as const),
    );
    delivery.extracts = Object.fromEntries(
      all.flatMap(([name, lifted]) => ('fault' in lifted || lifted.value === undefined ? [] : [[name, lifted.value]])),
    );
    delivery.extractFaults = Object.fromEntries(
      all.flatMap(([name, lifted]) => ('fault' in lifted ? [[name, lifted.fault]] : [])),
    );
  }

  private async evaluate(source: string, answer: object, { log }: Delivery, redactor: Redactor): Promise<Lifted> {
    try {
      return checked(await this.sandbox.evaluate(source, answer, { owner: log.tenantId }), redactor);
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  }
}

function checked(value: unknown, redactor: Redactor): Lifted {
  if (value === undefined || value === null) return { value: undefined };
  if (typeof value === 'number' || typeof value === 'boolean') return { value };
  if (typeof value !== 'string') return { fault: `must give a primitive (received: ${kindOf(value)})` };
  const text = redactor.text(value);
  if (text.length <= MAX_CHARS) return { value: text };
  return { fault: `must give at most ${MAX_CHARS} characters (received: ${text.length})` };
}
