import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';

const isReference = (value: unknown) =>
  Number.isInteger(value) || (typeof value === 'string' && value.length > 0 && value.length <= 256);

/** An action's id (a whole number) or its name (a text). */
export const IsActionReference = () =>
  applyDecorators(
    ValidateBy(
      { name: 'isActionReference', validator: { validate: isReference } },
      { message: '$property must be the id (a number) or the name (a string) of an action' },
    ),
  );
