/**
 * What kind of failure a try ended in. The class, never the message, decides what happens next
 * (`retries/error-class.rules.ts`) and is what support staff filter by.
 */
export const ERROR_CLASSES = [
  'transient',
  'throttled',
  'auth',
  'rejected',
  'gone',
  'intent',
  'config',
  'unknown',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];
