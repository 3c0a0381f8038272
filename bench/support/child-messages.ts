/** What the bench and its child processes say to each other over Node's IPC channel. */

export type Fields = Record<string, unknown>;

/** The answer to this id is what a child says once it is up. */
export const READY_ID = 0;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export function numberIn(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number') return value;
  throw new TypeError(`The field "${name}" should be a number and is ${typeof value}`);
}

export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new TypeError(`The field "${name}" should be a text and is ${typeof value}`);
}

/** The wall clock in milliseconds with fractions: the same for all processes of one machine. */
export const nowMs = () => performance.timeOrigin + performance.now();
