import { ValidateBy } from 'class-validator';
import { isPlace, PLACE_FORM } from '../webhook.js';

/** A place in a webhook ({@link isPlace}). */
export const IsPlace = () =>
  ValidateBy({
    name: 'isPlace',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isPlace(value),
      defaultMessage: () => `$property ${PLACE_FORM}`,
    },
  });
