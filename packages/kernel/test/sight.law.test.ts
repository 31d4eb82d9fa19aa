import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { TABLES_SIGNAL, type Tag } from '../src/change-log';
import { LogKnowledge } from '../src/log-knowledge';
import { whyStale, type Sight } from '../src/sight';
import { sees, type Snapshot } from '../src/snapshot';

const FIRST = 10n;
const LAST = 16n;
const numbers = Array.from({ length: Number(LAST - FIRST) }, (_, n) => FIRST + BigInt(n));
const snapshots: fc.Arbitrary<Snapshot> = fc.record({ xmax: fc.bigInt({ min: FIRST, max: LAST }), running: fc.subarray(numbers) }).map(({ xmax, running }) => {
  const inProgress = running.filter((xid) => xid < xmax);
  return { xmin: inProgress[0] ?? xmax, xmax, inProgress };
});
const tags: fc.Arbitrary<readonly Tag[]> = fc.array(fc.record({
  model: fc.constantFrom('city', 'state', '$geo'), id: fc.option(fc.constantFrom(1, 2), { nil: undefined }), fields: fc.option(fc.subarray(['name', 'size']), { nil: undefined }),
}), { maxLength: 3 });

test('law: who has altered tables is a writer of whatever an entry depends on: one of two snapshots that sees him alone does not answer for the other', () => {
  const met = new Map<string, number>();
  fc.assert(fc.property(fc.record({ entry: snapshots, reader: snapshots, of: tags, xid: fc.constantFrom(...numbers), isAltering: fc.boolean() }), ({ entry, reader, of, xid, isAltering }) => {
    const log = new LogKnowledge();
    log.learn({ after: undefined, from: FIRST, until: { xmin: LAST, xmax: LAST, inProgress: [] }, epoch: 'e', trimmed: 0n, rows: [{ xid, model: isAltering ? TABLES_SIGNAL : 'elsewhere', id: null, fields: null }] });
    const sight: Sight = { snapshot: reader, epoch: 'e', log, isChangedHere: () => false, hasChanged: () => false, whyUncachable: () => undefined };
    const why = whyStale(sight, { snapshot: entry, epoch: 'e' }, of);
    expect(why).toBe(isAltering && sees(entry, xid) !== sees(reader, xid) ? 'changed between' : undefined);
    met.set(String(why), (met.get(String(why)) ?? 0) + 1);
  }), { numRuns: lawRuns(500) });
  expect(Math.min(met.get('changed between') ?? 0, met.get('undefined') ?? 0)).toBeGreaterThan(20);
});
