import { decodeCursor, encodeCursor } from '../../http/cursor.js';
import { CursorInvalidError } from '../../http/cursor-invalid.error.js';
import { BatchNotConfirmedError } from './batch-not-confirmed.error.js';

/** Who previews now and confirms tomorrow does not know what they confirm. */
const VALID_MS = 15 * 60_000;

const FORMS = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, /^\d{1,7}$/, /^[0-9a-f]{32}$/];

/** What a person has seen in a preview. */
export interface Confirmation {
  readonly previewedAt: Date;
  readonly count: number;
  /** Of the tenant and the selection. */
  readonly fingerprint: string;
}

export const confirmationOf = ({ previewedAt, count, fingerprint }: Confirmation) =>
  encodeCursor([previewedAt.toISOString(), String(count), fingerprint]);

/** @throws BatchNotConfirmedError where it is not the answer of a recent preview of the same selection. */
export function readConfirmation(text: string, fingerprint: string, now = new Date()): Confirmation {
  const [previewedAt = '', count = '', previewed = ''] = partsOf(text);
  const confirmation = { previewedAt: new Date(previewedAt), count: Number(count), fingerprint: previewed };
  if (previewed !== fingerprint) throw new BatchNotConfirmedError('it is of a preview of other logs');
  if (now.getTime() - confirmation.previewedAt.getTime() > VALID_MS)
    throw new BatchNotConfirmedError('the preview is older than 15 minutes');
  return confirmation;
}

function partsOf(text: string): string[] {
  try {
    return decodeCursor(text, FORMS);
  } catch (error) {
    if (error instanceof CursorInvalidError) throw new BatchNotConfirmedError('it is no answer of a preview');
    throw error;
  }
}
