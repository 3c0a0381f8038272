import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { parseShape } from '../common/parse-shape.js';
import { isRecord } from '../common/primitives.js';
import { RequestInvalidError } from './request-invalid.error.js';

/** Types that Nest reports for parameters without a class of their own; their controllers read them themselves. */
const WITHOUT_SHAPE = new Set<unknown>([undefined, Object, Array, String, Number, Boolean]);

/** Reads bodies and queries as their DTO classes, and refuses them naming every fault at once. */
@Injectable()
export class ShapePipe implements PipeTransform<unknown, unknown> {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || metatype === undefined || WITHOUT_SHAPE.has(metatype)) return value;
    if (type === 'body') requireBody(value);
    // Parsed queries have no prototype, which class-transformer cannot work with.
    const parsed = parseShape<object>(metatype, isRecord(value) ? { ...value } : value);
    if (!parsed.ok) throw new RequestInvalidError(parsed.faults);
    return parsed.value;
  }
}

/** No body arrives where none was sent, and where its `Content-Type` is another. @throws RequestInvalidError */
export function requireBody(value: unknown): asserts value is Record<string, unknown> {
  if (isRecord(value)) return;
  const expected = 'must be a JSON object, sent with "Content-Type: application/json"';
  throw new RequestInvalidError([
    { field: 'body', expected, received: value === undefined ? 'missing' : typeof value },
  ]);
}
