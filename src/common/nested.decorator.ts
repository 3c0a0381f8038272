import { applyDecorators } from '@nestjs/common';
import { type ClassConstructor, Type } from 'class-transformer';
import { ValidateBy, ValidateNested } from 'class-validator';

const MESSAGE = '$property must be an object';

/** A field that holds one object, read as its class. `ValidateNested` alone also takes lists of them, and a missing one. */
export const Nested = (shape: () => ClassConstructor<object>) =>
  applyDecorators(
    Type(shape),
    ValidateNested({ message: MESSAGE }),
    ValidateBy(
      { name: 'isOneObject', validator: { validate: (value) => value !== undefined && !Array.isArray(value) } },
      { message: MESSAGE },
    ),
  );
