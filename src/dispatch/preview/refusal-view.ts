import type { PreviewRefusalDto } from './preview.dto.js';
import type { PreviewedTry } from './preview-runs.js';

export function refusalOf({ refusal }: PreviewedTry): PreviewRefusalDto | null {
  if (!refusal) return null;
  const { errorClass, errorCode, errorMessage, remedy } = refusal;
  return { errorClass, errorCode, errorMessage, remedy };
}
