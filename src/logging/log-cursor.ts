import { asLogId } from '../common/ids.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import type { LogCursor } from './integration-log.store.js';

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const LOG_ID_FORM = /^log_\w{1,64}$/;

export const encodeLogCursor = ({ createdAt, id }: LogCursor) => encodeCursor([createdAt.toISOString(), id]);

/** @throws CursorInvalidError */
export function decodeLogCursor(cursor: string | undefined): LogCursor | null {
  if (cursor === undefined) return null;
  const [createdAt = '', id = ''] = decodeCursor(cursor, [TIME_FORM, LOG_ID_FORM]);
  return { createdAt: new Date(createdAt), id: asLogId(id) };
}
