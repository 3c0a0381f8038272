import fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { type BulkFormat, type BulkRecord, recordsIn } from './record-reader.js';

async function read(body: Buffer | string, format: BulkFormat): Promise<BulkRecord[]> {
  const records: BulkRecord[] = [];
  for await (const record of recordsIn(Buffer.from(body), format)) records.push(record);
  return records;
}

describe('records of a file', () => {
  it('are the lines of NDJSON, whatever their ends', async () => {
    expect(await read('{"a":1}\r\n\n [2] \n"x"', 'ndjson')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 3, value: [2] },
      { line: 4, value: 'x' },
    ]);
  });

  it('are read after a byte order mark', async () => {
    expect(await read('\uFEFF{"a":1}\n2', 'ndjson')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, value: 2 },
    ]);
    expect(await read('\uFEFFa\n1', 'csv')).toEqual([{ line: 2, value: { a: '1' } }]);
  });

  it('are told as faulty one by one', async () => {
    const body = Buffer.concat([Buffer.from('{"a":1}\n{"a":\n'), Buffer.from([0xff, 0x0a]), Buffer.from('3')]);
    expect(await read(body, 'ndjson')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, fault: 'it is not JSON' },
      { line: 3, fault: 'it is not UTF-8' },
      { line: 4, value: 3 },
    ]);
    expect(await read('id,name\n1,Ana\n2,Ben,more\n3,"Cleo\nMay"\n4,D"a"n\n5,Eve\n', 'csv')).toEqual([
      { line: 2, value: { id: '1', name: 'Ana' } },
      { line: 3, fault: 'it is not CSV: CSV_RECORD_INCONSISTENT_COLUMNS' },
      { line: 5, value: { id: '3', name: 'Cleo\nMay' } },
      { line: 6, fault: 'it is not CSV: INVALID_OPENING_QUOTE' },
      { line: 7, value: { id: '5', name: 'Eve' } },
    ]);
  });

  it('come in the order of their lines, faulty ones too', async () => {
    const cells = fc.constantFrom(['a'], ['a', 'b'.repeat(200)], ['a', 'several\nlines'], ['a', 'b', 'c']);
    const rows = fc.array(fc.record({ cells, times: fc.constantFrom(1, 2, 200) }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, async (parts) => {
        const all = parts.flatMap(({ cells: row, times }) => Array.from({ length: times }, () => row));
        const records = await read(stringify([['id', 'name'], ...all], { quoted: true }), 'csv');
        expect(records.map((record) => 'value' in record)).toEqual(all.map(({ length }) => length === 2));
        const lines = records.map(({ line }) => line);
        expect(lines).toEqual([...new Set(lines)].toSorted((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });

  it('of CSV leave the process turns for something else while they are read', async () => {
    let turns = 0;
    const other = setInterval(() => (turns += 1), 0);
    await read(`id,name\n${'1,Ana\n'.repeat(60_000)}`, 'csv');
    clearInterval(other);
    expect(turns).toBeGreaterThan(2);
  });

  it.each([
    ['ndjson', (text: string) => JSON.stringify({ text }), 1],
    ['csv', (text: string) => text, 2],
  ] as const)('are read on after one of %s that is too large', async (format, row, first) => {
    const texts = ['before', 'x'.repeat(1_048_577), 'after'].map(row);
    const records = await read([...(format === 'csv' ? ['text'] : []), ...texts].join('\n'), format);
    expect(records).toEqual([
      { line: first, value: { text: 'before' } },
      { line: first + 1, fault: 'it has more than 1048576 bytes' },
      { line: first + 2, value: { text: 'after' } },
    ]);
  });

  it('are none where the names of the columns cannot be read', async () => {
    expect(await read('id,na"me"\n1,Ana\n2,Ben\n', 'csv')).toEqual([
      { line: 1, fault: 'the names of the columns are not CSV: INVALID_OPENING_QUOTE' },
    ]);
  });

  it('are read as they were written', async () => {
    const name = fc.string({ minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: name, text: fc.string() }, { noNullPrototype: true }), { minLength: 1 }),
        async (records) => {
          const ndjson = records.map((record) => JSON.stringify(record)).join('\n');
          expect(await read(ndjson, 'ndjson')).toEqual(records.map((value, index) => ({ line: index + 1, value })));
          const csv = stringify(records, { header: true, quoted: true, columns: ['id', 'text'] });
          const back = (await read(csv, 'csv')).map((record) => ({ ...record, line: 0 }));
          expect(back).toEqual(records.map((value) => ({ line: 0, value })));
        },
      ),
      { numRuns: 50 },
    );
  });
});
