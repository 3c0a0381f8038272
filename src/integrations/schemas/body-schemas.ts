import { Injectable } from '@nestjs/common';
import { faultIn } from '../../common/fault-of.js';
import type { FieldFault } from '../../common/field-fault.js';
import { type EvaluateOptions, ExpressionSandbox } from '../expressions/expression-sandbox.js';
import { BodySchemaError } from './body-schema.error.js';
import { SchemaInvalidError } from './schema-invalid.error.js';

/** Bytes of a schema as JSON. */
const MAX_SCHEMA_BYTES = 64 * 1024;
/** Loading the validator and compiling the largest schema take half a second on a slow day. */
const TIMEOUT_MS = 3_000;

/**
 * Checks bodies by tenants' JSON Schemas (draft 2020-12, with the formats of ajv-formats). A schema can take exponential
 * time and any memory, whatever its size, so it runs where expressions do. Each thread compiles a schema once.
 */
@Injectable()
export class BodySchemas {
  constructor(private readonly sandbox: ExpressionSandbox) {}

  /** @throws SchemaInvalidError, ExpressionLimitError */
  async requireUsable(schemaJson: string): Promise<void> {
    await this.run(schemaJson, null, {});
  }

  /** What keeps a schema from being used, for who saves it. */
  async faultsIn(field: string, schemaJson: string): Promise<FieldFault[]> {
    const sizeBytes = Buffer.byteLength(schemaJson);
    if (sizeBytes > MAX_SCHEMA_BYTES) {
      const expected = `must have ${MAX_SCHEMA_BYTES} bytes as JSON at the most`;
      return [{ field, expected, received: `${sizeBytes} bytes` }];
    }
    return this.requireUsable(schemaJson).then(
      () => [],
      (error: unknown) => [faultIn(field, error)],
    );
  }

  /** `body`: `undefined` where it is no data at all. @throws BodySchemaError, SchemaInvalidError, ExpressionLimitError */
  async requireValid(schemaJson: string, body: unknown, options: EvaluateOptions): Promise<void> {
    if (body === undefined) throw new BodySchemaError([{ place: '', rule: 'must be JSON or a form' }], 1);
    await this.run(schemaJson, JSON.stringify(body), options);
  }

  private async run(schemaJson: string, valueJson: string | null, options: EvaluateOptions): Promise<void> {
    const outcome = await this.sandbox.validate({ schemaJson, valueJson }, { timeoutMs: TIMEOUT_MS, ...options });
    if (outcome.ok) return;
    if (outcome.invalid === 'schema') throw new SchemaInvalidError(outcome.faults);
    throw new BodySchemaError(outcome.faults, outcome.faultCount);
  }
}
