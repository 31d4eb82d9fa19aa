import { LogKnowledge, whyStale, type EntryStamp, type MissReason, type Sight, type Snapshot } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { heldRecords } from '../../src/local/held-records';
import { LocalRecords } from '../../src/local/local-records';

const IDS = [1, 2, 3, 4, 5, 6];
const END = 20n;

/** Snapshots of a database whose transactions are numbered from 10 to 20; some have ended in between. */
const snapshots: fc.Arbitrary<Snapshot> = fc.record({ xmax: fc.bigInt(10n, END + 1n), running: fc.uniqueArray(fc.bigInt(10n, END), { maxLength: 3 }), own: fc.option(fc.bigInt(10n, END), { nil: undefined, freq: 4 }) })
  .map(({ xmax, running, own }) => {
    const inProgress = running.filter((xid) => xid < xmax).sort((a, b) => (a < b ? -1 : 1));
    return { xmin: inProgress[0] ?? xmax, xmax, inProgress, ...own === undefined ? {} : { own } };
  });
const stamps: fc.Arbitrary<EntryStamp> = fc.record({ snapshot: snapshots, epoch: fc.constantFrom('e', 'e', 'e', 'f') });
const worlds = fc.record({
  stamps: fc.array(stamps, { minLength: 1, maxLength: 3 }),
  of: fc.array(fc.nat(2), { minLength: IDS.length, maxLength: IDS.length }),
  reader: snapshots,
  until: fc.oneof(fc.constant<Snapshot>({ xmin: END + 1n, xmax: END + 1n, inProgress: [] }), snapshots),
  trimmed: fc.constantFrom(0n, 0n, 12n),
  rows: fc.array(fc.record({ xid: fc.bigInt(10n, END), model: fc.constantFrom('city', 'other'), id: fc.constantFrom(null, 1, 2, 3, 4, 5, 6, 7), fields: fc.constantFrom(null, ['name']) }), { maxLength: 4 }),
  changedHere: fc.constantFrom<readonly number[]>([], [], [2], [1, 5]),
  isWatched: fc.constantFrom(true, true, true, false),
});

test('law: for all images, readers and logs, many records judged together are judged as each alone', () => {
  const met = new Set<MissReason | 'hit'>();
  fc.assert(fc.property(worlds, ({ stamps: given, of, reader, until, trimmed, rows, changedHere, isWatched }) => {
    const log = new LogKnowledge();
    log.learn({ after: { xmin: 0n, xmax: 1n, inProgress: [] }, until: { xmin: 1n, xmax: 1n, inProgress: [] }, epoch: 'e', trimmed: 0n, rows: [] });
    log.learn({ after: { xmin: 1n, xmax: 1n, inProgress: [] }, until, epoch: 'e', trimmed, rows });
    const sight: Sight = {
      snapshot: reader, epoch: 'e', log,
      isChangedHere: ({ model, id }) => model === 'city' && (id === undefined ? changedHere.length > 0 : changedHere.includes(Number(id))),
      hasChanged: () => changedHere.length > 0,
      whyUncachable: () => (isWatched ? undefined : 'a view'),
    };
    const records = new LocalRecords({ maxEntries: 100 });
    const stampOf = new Map(IDS.map((id, n) => [id, given[(of[n] ?? 0) % given.length] ?? { snapshot: reader, epoch: 'e' }]));
    for (const [id, stamp] of stampOf) records.put('city', ['name'], { stamp, rows: [[id, [`City ${String(id)}`]]], takesOver: () => 'replace' });
    const held = heldRecords(records, sight, { model: 'city', ids: IDS, fields: ['name'] });
    const reasons = new Map(held.missing.map((id, n) => [id, held.reasons[n]]));
    for (const [id, stamp] of stampOf) {
      const alone = whyStale(sight, stamp, [{ model: 'city', id }]);
      expect({ id, reason: reasons.get(id) }).toEqual({ id, reason: alone });
      met.add(alone ?? 'hit');
    }
  }), { numRuns: lawRuns(2_000) });
  expect([...met].sort()).toEqual(['another epoch', 'changed between', 'changed here', 'hit', 'not watched', 'not yet known', 'reader ahead', 'trimmed']);
});
