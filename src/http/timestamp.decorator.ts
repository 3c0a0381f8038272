import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsDate } from 'class-validator';

/** RFC 3339: a date, a time, and how it relates to UTC. `Date` alone would also read `5` or `1 May`. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A time that is sent as RFC 3339 text and read as a `Date`. */
export const IsTimestamp = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && RFC_3339.test(value) ? new Date(value) : value,
    ),
    IsDate({ message: '$property must be a time such as 2026-11-03T10:15:00Z' }),
  );
