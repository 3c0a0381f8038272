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

  it('are told as faulty one by one', async () => {
    const body = Buffer.concat([Buffer.from('{"a":1}\n{"a":\n'), Buffer.from([0xff, 0x0a]), Buffer.from('3')]);
    expect(await read(body, 'ndjson')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, fault: 'it is not JSON' },
      { line: 3, fault: 'it is not UTF-8' },
      { line: 4, value: 3 },
    ]);
    const csv = await read('id,name\n1,Ana\n2,Ben,more\n3,"Cleo\nMay"\n', 'csv');
    expect(csv.toSorted((a, b) => a.line - b.line)).toEqual([
      { line: 2, value: { id: '1', name: 'Ana' } },
      { line: 3, fault: 'it is not CSV: CSV_RECORD_INCONSISTENT_COLUMNS' },
      { line: 5, value: { id: '3', name: 'Cleo\nMay' } },
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
