import { lawRuns } from '@ormolu/test-support';
import fc from 'fast-check';
import { TextColumn } from '../src/wire/text-column';

/** Reads texts as a column of one answer: each out of its bytes, which stand somewhere in a longer message. */
function read(texts: readonly string[]): readonly string[] {
  const column = new TextColumn();
  return texts.map((text, row) => {
    const bytes = Buffer.from(`${'#'.repeat(row % 5)}${text}#`);
    return column.read(bytes, row % 5, bytes.length - 1);
  });
}

// Few enough to repeat, of one length often enough to be compared, with letters that differ in one byte only.
const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom('é', 'Ã©', 'ab', 'ba', 'aB', ''), fc.integer({ min: 0, max: 50 }).map((n) => `C${String(n)}`)), { maxLength: 400 });

describe('texts of a column', () => {
  test('law: for all texts in any order, each is read as it was written', () => {
    fc.assert(fc.property(texts, (given) => {
      expect(read(given)).toEqual(given);
    }), { numRuns: lawRuns(100) });
  });

  test('all are read right, however many, whether they repeat themselves or not', () => {
    for (const kinds of [3, 3000, 100_000]) {
      const given = Array.from({ length: 20_000 }, (_, n) => `City ${String((n * 7919) % kinds)}`);
      expect(read(given)).toEqual(given);
    }
  });
});
