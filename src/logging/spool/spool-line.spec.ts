import fc from 'fast-check';
import { anExecution } from '../log-entry.builders.js';
import { decodeEntry, encodeEntry } from './entry-codec.js';
import { entryOf, lineOf } from './spool-line.js';

const ENTRY = { kind: 'executed', execution: anExecution() } as const;

describe('a line of the spool', () => {
  it('is JSON that a person can read, and comes back as it was', () => {
    const line = lineOf(ENTRY);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({
      entry: { kind: 'executed', execution: { logId: ENTRY.execution.logId } },
    });
    expect(entryOf(line.trimEnd())).toEqual(ENTRY);
  });

  it('is recognised where any part of it is missing or another', () => {
    const line = lineOf(ENTRY).trimEnd();
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.constantFrom('', 'x', '"', '0'), (at, by) => {
        const changed = `${line.slice(0, at)}${by}${line.slice(at + 1)}`;
        expect(changed === line || entryOf(changed) === null).toBe(true);
        expect(entryOf(line.slice(0, at))).toBeNull();
      }),
    );
  });

  it('keeps whatever names and values others have given, dates and bytes included', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('$date', '$bytes', '$$date', '__proto__', 'sentAt'));
    const values = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant('2026-01-02T03:04:05.000Z'));
    fc.assert(
      fc.property(
        fc.dictionary(names, values),
        fc.uint8Array(),
        fc.date({ noInvalidDate: true }),
        (record, bytes, at) => {
          const execution = { ...ENTRY.execution, context: record, startedAt: at, bytes: Buffer.from(bytes) };
          const entry = { kind: 'executed', execution } as const;
          expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
        },
      ),
    );
  });
});
