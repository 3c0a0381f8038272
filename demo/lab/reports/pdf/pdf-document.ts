import { winAnsi } from './win-ansi.js';

export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, row by row from the top. */
  readonly pixels: Buffer;
}

/** A4 in points of 1/72 inch. */
const PAGE = { width: 595, height: 842, margin: 56 };
const FONT_SIZE = 10;
const LINE_SPACING = 1.5;

const CATALOG = 1;
const PAGES = 2;
const FONT = 3;
const INFO = 4;

/** A PDF of text pages and full-page images, as small as the format allows (ISO 32000-1, section 7.5). */
export class PdfDocument {
  private readonly objects = new Map<number, Buffer>();
  private readonly pages: number[] = [];
  private lines: string[] = [];
  private y = PAGE.height - PAGE.margin;

  constructor(title: string) {
    this.objects.set(CATALOG, Buffer.from(`<< /Type /Catalog /Pages ${PAGES} 0 R >>`));
    this.objects.set(
      FONT,
      Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'),
    );
    this.objects.set(INFO, Buffer.from(`<< /Title ${literal(title)} /Producer (Waybill demo lab) >>`, 'latin1'));
    this.objects.set(PAGES, Buffer.alloc(0));
  }

  /** Adds a line below the last one, on a new page where the page is full. */
  writeLine(text: string, size = FONT_SIZE): void {
    if (this.y < PAGE.margin) this.endTextPage();
    this.lines.push(`BT /F1 ${size} Tf ${PAGE.margin} ${this.y} Td ${literal(text)} Tj ET`);
    this.y -= size * LINE_SPACING;
  }

  addImagePage({ width, height, pixels }: GrayImage): void {
    this.endTextPage();
    const image = this.add(
      stream(
        `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8`,
        pixels,
      ),
    );
    this.addPage(`q ${PAGE.width} 0 0 ${PAGE.height} 0 0 cm /Im1 Do Q`, `/XObject << /Im1 ${image} 0 R >>`);
  }

  toBuffer(): Buffer {
    this.endTextPage();
    const kids = this.pages.map((page) => `${page} 0 R`).join(' ');
    this.objects.set(PAGES, Buffer.from(`<< /Type /Pages /Kids [${kids}] /Count ${this.pages.length} >>`));
    return assemble([...this.objects].sort(([a], [b]) => a - b).map(([, content]) => content));
  }

  private endTextPage(): void {
    if (this.lines.length > 0) this.addPage(this.lines.join('\n'), `/Font << /F1 ${FONT} 0 R >>`);
    this.lines = [];
    this.y = PAGE.height - PAGE.margin;
  }

  private addPage(content: string, resources: string): void {
    const contents = this.add(stream('', Buffer.from(content, 'latin1')));
    const page = this.add(
      Buffer.from(
        `<< /Type /Page /Parent ${PAGES} 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] ` +
          `/Resources << ${resources} >> /Contents ${contents} 0 R >>`,
      ),
    );
    this.pages.push(page);
  }

  private add(content: Buffer): number {
    const number = this.objects.size + 1;
    this.objects.set(number, content);
    return number;
  }
}

/** Header, objects, and the table of where each object starts. */
function assemble(objects: readonly Buffer[]): Buffer {
  // The comment of bytes above 127 tells transfer programs that the file is binary.
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  const offsets: number[] = [];
  let position = parts[0]?.length ?? 0;
  for (const [index, content] of objects.entries()) {
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), content, Buffer.from('\nendobj\n')]);
    offsets.push(position);
    position += part.length;
    parts.push(part);
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${entries}` +
        `trailer\n<< /Size ${size} /Root ${CATALOG} 0 R /Info ${INFO} 0 R >>\nstartxref\n${position}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

const stream = (dictionary: string, content: Buffer) =>
  Buffer.concat([
    Buffer.from(`<< ${dictionary} /Length ${content.length} >>\nstream\n`),
    content,
    Buffer.from('\nendstream'),
  ]);

const literal = (text: string) => `(${winAnsi(text).replaceAll(/[\\()]/g, (character) => `\\${character}`)})`;
