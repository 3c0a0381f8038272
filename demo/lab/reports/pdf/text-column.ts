import { breakTextIntoLines, PageSizes, type PDFDocument, type PDFFont, type PDFPage, StandardFonts } from 'pdf-lib';
import { encodable } from './encodable.js';

const [PAGE_WIDTH, PAGE_HEIGHT] = PageSizes.A4;
/** In points of 1/72 inch. */
const MARGIN = 56;
const FONT_SIZE = 10;
const LINE_SPACING = 1.5;

/** Lines of text below each other, on as many A4 pages as they need. */
export class TextColumn {
  private readonly codePoints: ReadonlySet<number>;
  private page: PDFPage;
  private y = PAGE_HEIGHT - MARGIN;

  private constructor(
    private readonly document: PDFDocument,
    private readonly font: PDFFont,
  ) {
    this.codePoints = new Set(font.getCharacterSet());
    this.page = document.addPage(PageSizes.A4);
  }

  static async of(document: PDFDocument): Promise<TextColumn> {
    return new TextColumn(document, await document.embedFont(StandardFonts.Helvetica));
  }

  /** Adds a paragraph, broken between words where it is wider than the page. */
  write(text: string, size = FONT_SIZE): void {
    const widthOf = (part: string) => this.font.widthOfTextAtSize(part, size);
    const drawn = encodable(text, this.codePoints);
    for (const line of breakTextIntoLines(drawn, [' '], PAGE_WIDTH - 2 * MARGIN, widthOf)) this.draw(line, size);
  }

  skipLine(): void {
    this.y -= FONT_SIZE * LINE_SPACING;
  }

  private draw(line: string, size: number): void {
    if (this.y < MARGIN) {
      this.page = this.document.addPage(PageSizes.A4);
      this.y = PAGE_HEIGHT - MARGIN;
    }
    this.page.drawText(line, { x: MARGIN, y: this.y, size, font: this.font });
    this.y -= size * LINE_SPACING;
  }
}
