import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, Length, Matches } from 'class-validator';

/** The current one, and those that a rotation has not ended yet. */
const MAX_SECRETS = 5;
const MAX_SECRET_CHARS = 4_096;

/** Secrets of which each is good: 1 to 5, each of the form that is asked for. */
export const SecretList = (pattern: RegExp, says: string) =>
  applyDecorators(
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(MAX_SECRETS),
    IsString({ each: true }),
    Length(1, MAX_SECRET_CHARS, { each: true }),
    Matches(pattern, { each: true, message: `secrets must each be ${says}` }),
  );

export const ANY_TEXT = /^[^]+$/;
