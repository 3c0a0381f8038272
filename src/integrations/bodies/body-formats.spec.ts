import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { SegmentedBody } from '../../security/outbound-http/segmented-body.js';
import { BodyFormatError } from './body-format.error.js';
import { newFileToken, type PlacedFile } from './body-format.js';
import { type BodyFormat, FORMATS } from './body-formats.js';

const bytesOf = (format: BodyFormat, value: unknown, files: readonly PlacedFile[] = []): Buffer => {
  const { body } = FORMATS[format].write(value, files);
  return Buffer.isBuffer(body) ? body : Buffer.concat([...body.chunks()]);
};
const textOf = (...args: Parameters<typeof bytesOf>) => bytesOf(...args).toString();

const aFile = (content: Uint8Array, part: Partial<PlacedFile> = {}): PlacedFile => ({
  field: 'report',
  token: newFileToken(),
  chunks: [Buffer.from(content)],
  sizeBytes: content.length,
  contentType: 'application/pdf',
  fileName: 'report.pdf',
  ...part,
});

/** The content in chunks of the lengths that are given, over and over. */
function inChunks(content: Uint8Array, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0, turn = 0; from < content.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    chunks.push(Buffer.from(content.subarray(from, from + length)));
    from += length;
  }
  return chunks;
}

describe('files within a body', () => {
  const anyFile = fc
    .tuple(fc.uint8Array({ maxLength: 300 }), fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }))
    .map(([content, lengths]) => ({ content, chunks: inChunks(content, lengths) }));

  it('stand as base64 in their place, however they came in chunks, and the size is known before', () => {
    fc.assert(
      fc.property(anyFile, fc.string(), ({ content, chunks }, text) => {
        const file = aFile(content, { chunks });
        const value = { before: text, report: file.token, after: [text] };
        const base64 = Buffer.from(content).toString('base64');
        const json = FORMATS.json.write(value, [file]).body;
        expect(JSON.parse(textOf('json', value, [file]))).toEqual({ ...value, report: base64 });
        expect(json instanceof SegmentedBody && json.sizeBytes).toBe(bytesOf('json', value, [file]).length);
        const form = FORMATS.form.write({ report: file.token, text }, [file]).body;
        const formText = textOf('form', { report: file.token, text }, [file]);
        expect(Object.fromEntries(new URLSearchParams(formText))).toEqual({ report: base64, text });
        expect(form instanceof SegmentedBody && form.sizeBytes).toBe(Buffer.byteLength(formText));
      }),
    );
  });

  it('encode files larger than one step', () => {
    const content = Buffer.alloc(200_000, 'waybill');
    expect(JSON.parse(textOf('json', 'x', [])).length).toBe(1);
    const file = aFile(content);
    expect(JSON.parse(textOf('json', { report: file.token }, [file]))).toEqual({ report: content.toString('base64') });
  });

  it('can be read twice, and are shown by type, size and hash only', () => {
    const file = aFile(Buffer.from('%PDF'), { fileName: 'a "b".pdf' });
    const { body } = FORMATS.json.write({ report: file.token }, [file]);
    if (Buffer.isBuffer(body)) throw new Error('a body with a file is in segments');
    expect(Buffer.concat([...body.chunks()])).toEqual(Buffer.concat([...body.chunks()]));
    expect(JSON.parse(body.outline())).toEqual({
      report: expect.stringMatching(/^\[file: a _b_\.pdf, application\/pdf, 4 bytes, sha256 [0-9a-f]{64}\]$/),
    });
  });

  it('are refused where one has overwritten the place of another', () => {
    const file = aFile(Buffer.from('%PDF'));
    expect(() => FORMATS.json.write({ report: 'something else' }, [file])).toThrow(/report must be a field of its own/);
  });
});

describe('XML', () => {
  it.each([
    [
      { order: { '@id': 7, patient: 'Ana & <b>', test: ['GLU', 'HBA1C'], none: null, on: true } },
      '<order id="7"><patient>Ana &amp; &lt;b&gt;</patient><test>GLU</test><test>HBA1C</test><none/><on>true</on></order>',
    ],
    [{ order: null }, '<order/>'],
    [
      { order: { '#text': ' a\r\n\t"b" ', '@unit': 'mg/dl\n', '@none': null } },
      '<order unit="mg/dl&#xA;"> a&#xD;&#xA;&#x9;&quot;b&quot; </order>',
    ],
    [
      { 'soap:Envelope': { '@xmlns:soap': 'http://schemas.xmlsoap.org/soap/envelope/', 'soap:Body': {} } },
      '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body/></soap:Envelope>',
    ],
  ])('writes %j', (value, expected) => {
    expect(textOf('xml', value)).toBe(`<?xml version="1.0" encoding="UTF-8"?>${expected}`);
  });

  const name = fc.stringMatching(/^[A-Za-z_][\w.-]{0,8}$/);
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '<', '>', '&', '"', "'", '\r', '\n', '\t', ']]>', 'ä', '😀', '&amp;'),
  });
  const { element } = fc.letrec<{ element: unknown }>((tie) => ({
    element: fc.oneof(
      { maxDepth: 4 },
      text,
      fc
        .tuple(
          fc.dictionary(
            name.map((it) => `@${it}`),
            text,
            { maxKeys: 2 },
          ),
          fc.dictionary(name, fc.oneof(tie('element'), fc.array(tie('element'), { minLength: 2, maxLength: 3 })), {
            minKeys: 1,
            maxKeys: 3,
          }),
        )
        .map(([attributes, members]) => ({ ...attributes, ...members })),
    ),
  }));
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    htmlEntities: true,
  });

  it('writes what a reader reads back, for any names and texts', () => {
    fc.assert(
      fc.property(name, element, (root, value) => {
        const xml = textOf('xml', { [root]: value });
        expect(XMLValidator.validate(xml)).toBe(true);
        expect(parser.parse(xml)).toEqual({ [root]: value });
      }),
    );
  });

  it.each([
    ['no object', 'text', /\(body\) must be an object with one member.*received: string/],
    ['two roots', { a: 1, b: 2 }, /one member.*2 members/],
    ['a list as the root', { a: [1, 2] }, /a must be one element/],
    ['an attribute as the root', { '@a': 1 }, /@a must be an element/],
    ['a name that XML has not', { a: { 'b c': 1 } }, /a\.b c must be named as XML allows/],
    ['a name that would be a tag', { a: { 'b><c': 1 } }, /must be named/],
    ['a processing instruction', { a: { '?php': 1 } }, /must be named/],
    ['an attribute name that would be two', { a: { '@b="1" c': 1 } }, /must be named/],
    ['an attribute that is no primitive', { a: { '@b': {} } }, /a\.@b must be a primitive.*object/],
    ['a list within a list', { a: { b: [[1]] } }, /a\.b must be .*a list within a list/],
    ['a control character', { a: { b: 'x\u0000' } }, /a\.b must be text that XML can hold/],
    ['half a surrogate', { a: { b: '\ud800' } }, /a\.b must be text that XML can hold/],
  ])('refuses %s, naming the field and no value', (_what, value, says) => {
    expect(() => textOf('xml', value)).toThrow(BodyFormatError);
    expect(() => textOf('xml', value)).toThrow(says);
  });

  it('refuses what is nested too deeply', () => {
    const deep = Array.from({ length: 95 }).reduce<unknown>((inner) => ({ a: inner }), 'x');
    expect(() => textOf('xml', deep)).toThrow(/levels deep/);
  });
});

describe('text', () => {
  it('is the string as it is', () => {
    const hl7 = 'MSH|^~\\&|WAYBILL|LAB\rPID|1||P-1||Müller^Ana\r';
    expect(textOf('text', hl7)).toBe(hl7);
    expect(FORMATS.text.write(hl7, []).contentType).toBe('text/plain; charset=utf-8');
    expect(() => textOf('text', { a: 1 })).toThrow(/\(body\) must be a string \(received: object\)/);
  });
});

describe('multipart', () => {
  /** Node's own reader of multipart bodies. */
  async function read(value: unknown, files: readonly PlacedFile[]): Promise<[string, string | File][]> {
    const { contentType } = FORMATS.multipart.write(value, files);
    const boundary = /boundary=(.*)/.exec(contentType)?.[1] ?? '';
    // Each writing has a boundary of its own.
    const body = FORMATS.multipart.write(value, files);
    expect(body.contentType).not.toContain(boundary);
    const bytes = Buffer.isBuffer(body.body) ? body.body : Buffer.concat([...body.body.chunks()]);
    expect(Buffer.isBuffer(body.body) || body.body.sizeBytes).toBe(bytes.length);
    const form = await new Response(bytes, { headers: { 'content-type': body.contentType } }).formData();
    return [...form.entries()];
  }

  it('is read back by another implementation, whatever is in it', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '"', 'ä', ' ', ';', '='), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
        fc.uint8Array({ maxLength: 200 }),
        name,
        async (fields, content, fileName) => {
          const read1 = await read(fields, [aFile(content, { field: 'file', fileName })]);
          const file = read1.at(-1)?.[1];
          expect(read1.slice(0, -1)).toEqual(Object.entries(fields));
          if (!(file instanceof File)) throw new Error('the file is missing');
          expect([file.name, file.type]).toEqual([fileName, 'application/pdf']);
          expect(Buffer.from(await file.arrayBuffer())).toEqual(Buffer.from(content));
        },
      ),
    );
  });

  it('gives a part for each value of a list, and JSON for what is nested', async () => {
    const parts = await read({ tag: ['a', 'b'], none: null, meta: { id: 1 } }, []);
    expect(parts).toEqual([
      ['tag', 'a'],
      ['tag', 'b'],
      ['none', ''],
      ['meta', '{"id":1}'],
    ]);
  });

  it('lets no name or type end its header', () => {
    const file = aFile(Buffer.from('x'), { fileName: 'a"\r\nX-Evil: 1', contentType: 'text/plain\r\nX-Evil: 1' });
    const written = textOf('multipart', { 'b"\r\nX-Evil: 1': 'c' }, [file]);
    expect(written).not.toMatch(/^X-Evil/m);
  });

  it('refuses what is no object', () => {
    expect(() => textOf('multipart', [1])).toThrow(/\(body\) must be an object \(received: array\)/);
  });
});
