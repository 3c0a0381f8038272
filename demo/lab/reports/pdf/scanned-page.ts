import { createHash } from 'node:crypto';
import type { GrayImage } from './pdf-document.js';

const WIDTH = 1_700;
const HEIGHT = 1_860;

/** A stand-in for a scanned sheet, 1700 × 1860 grey pixels (3.16 MB): the noise of a scanner, the same for the same name. */
export function scannedPage(name: string): GrayImage {
  const pixels = createHash('shake256', { outputLength: WIDTH * HEIGHT })
    .update(name)
    .digest();
  return { width: WIDTH, height: HEIGHT, pixels };
}
