import { ValidateBy } from 'class-validator';
import { isPlace } from '../webhook.js';

/** A place in a webhook ({@link isPlace}). */
export const IsPlace = () =>
  ValidateBy({
    name: 'isPlace',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isPlace(value),
      defaultMessage: () =>
        '$property must be header:<name>, query:<name>, or a JSON Pointer into the body such as /data/id',
    },
  });
