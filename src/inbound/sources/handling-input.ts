import type { ClassConstructor } from 'class-transformer';
import { Equals, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { MAX_ACTION_ID } from '../../actions/action-definition.js';
import type { FieldFault } from '../../common/field-fault.js';
import { type ParsedShape, parseShape } from '../../common/parse-shape.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import type { Handling } from './inbound-source.js';

class HandlerInput {
  @Equals('handler')
  kind!: 'handler';
}

class ForwardInput {
  @Equals('forward')
  kind!: 'forward';

  @IsString()
  @Length(1, 2_048)
  @Matches(/^[^{}]*$/, { message: 'url must not hold placeholders' })
  url!: string;
}

class EmitInput {
  @Equals('emit')
  kind!: 'emit';

  @IsInt()
  @Min(1)
  @Max(MAX_ACTION_ID)
  actionId!: number;

  @IsString()
  @Length(1, 32_768)
  mapping!: string;
}

/** As a person enters it: the secret that a forward is signed with is made here. */
export type HandlingInput = HandlerInput | ForwardInput | EmitInput;

const INPUTS: { readonly [K in Handling['kind']]: ClassConstructor<Extract<HandlingInput, { kind: K }>> } = {
  handler: HandlerInput,
  forward: ForwardInput,
  emit: EmitInput,
};

/** Reads the `handling` of a source as a person sent it. */
export function parseHandling(input: unknown): ParsedShape<HandlingInput> {
  const kind = isRecord(input) ? input['kind'] : undefined;
  if (kind === 'handler' || kind === 'forward' || kind === 'emit')
    return parseShape<HandlingInput>(INPUTS[kind], input, 'handling');
  const expected = `must be one of ${Object.keys(INPUTS).join(', ')}`;
  const fault: FieldFault = { field: 'handling.kind', expected, received: kindOf(kind) };
  return { ok: false, faults: [fault] };
}
