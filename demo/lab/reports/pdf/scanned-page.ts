import { createHash } from 'node:crypto';
import { drawObject, PageSizes, type PDFDocument, popGraphicsState, pushGraphicsState, scale } from 'pdf-lib';

const WIDTH = 1_700;
const HEIGHT = 1_860;

/**
 * Adds a stand-in for a scanned sheet, 1700 × 1860 grey pixels (3.16 MB): the noise of a scanner, the same for the same
 * name. Its pixels are embedded as they are: `embedPng` would block the event loop for 2 s to compress noise.
 */
export function addScannedPage(document: PDFDocument, name: string): void {
  const pixels = createHash('shake256', { outputLength: WIDTH * HEIGHT })
    .update(name)
    .digest();
  const image = document.context.stream(pixels, {
    Type: 'XObject',
    Subtype: 'Image',
    Width: WIDTH,
    Height: HEIGHT,
    ColorSpace: 'DeviceGray',
    BitsPerComponent: 8,
  });
  const page = document.addPage(PageSizes.A4);
  const key = page.node.newXObject('Scan', document.context.register(image));
  page.pushOperators(pushGraphicsState(), scale(...PageSizes.A4), drawObject(key), popGraphicsState());
}
