import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { agreeBelow, formatSnapshot, isWithin, parseSnapshot, sees, withOwn, type Snapshot } from '../src/snapshot';

const HIGHEST = 24n;

/** Any snapshot over few transactions, as PostgreSQL takes it: all that is not in progress below its end has ended. */
const snapshots: fc.Arbitrary<Snapshot> = fc
  .record({ xmax: fc.bigInt({ min: 1n, max: HIGHEST }), running: fc.array(fc.bigInt({ min: 0n, max: HIGHEST - 1n }), { maxLength: 6 }), own: fc.option(fc.bigInt({ min: 0n, max: HIGHEST }), { nil: undefined }) })
  .map(({ xmax, running, own }) => {
    const inProgress = [...new Set(running)].filter((xid) => xid < xmax).sort((a, b) => Number(a - b));
    return { xmin: inProgress[0] ?? xmax, xmax, inProgress, own };
  });

function seen(snapshot: Snapshot): bigint[] {
  const all: bigint[] = [];
  for (let xid = 0n; xid <= HIGHEST + 2n; xid += 1n) {
    const isSeen = xid === snapshot.own || (xid < snapshot.xmax && !snapshot.inProgress.includes(xid));
    if (isSeen) all.push(xid);
  }
  return all;
}

test('law: a snapshot sees what is below its end and not in progress, and its own', () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      for (let xid = 0n; xid <= HIGHEST + 2n; xid += 1n) expect(sees(snapshot, xid)).toBe(seen(snapshot).includes(xid));
    }),
    { numRuns: lawRuns(300) },
  );
});

test('law: one snapshot lies within another exactly when what it sees is a part of what the other sees', () => {
  fc.assert(
    fc.property(snapshots, snapshots, (inner, outer) => {
      const all = new Set(seen(outer));
      expect(isWithin(inner, outer)).toBe(seen(inner).every((xid) => all.has(xid)));
    }),
    { numRuns: lawRuns(5_000) },
  );
});

test('law: snapshots agree below a transaction only when they see the same of all before it; exactly then, where both end behind it', () => {
  fc.assert(
    fc.property(snapshots, snapshots, fc.bigInt({ min: 0n, max: HIGHEST + 2n }), (a, b, limit) => {
      const below = (snapshot: Snapshot): readonly bigint[] => seen(snapshot).filter((xid) => xid < limit);
      const isSame = below(a).join() === below(b).join();
      if (a.xmax >= limit && b.xmax >= limit) expect(agreeBelow(limit, a, b)).toBe(isSame);
      else if (agreeBelow(limit, a, b)) expect(isSame).toBe(true);
    }),
    { numRuns: lawRuns(5_000) },
  );
});

test('law: the text of a snapshot reads back as it was', () => {
  fc.assert(
    fc.property(snapshots, ({ own: _, ...snapshot }) => expect(parseSnapshot(formatSnapshot(snapshot))).toEqual(snapshot)),
    { numRuns: lawRuns(200) },
  );
});

test.each(['', '1', '1:2', '3:2:', '1:5:7', '1:5:3,2', '1:5:0', '1:5:2,', ' 1:5:', '1:5:2 ', '1:5:2,2', 'a:b:', '1:123456789012345678901234567890:'])(
  'no snapshot is read from %j', (text) => expect(parseSnapshot(text)).toBeUndefined(),
);

test('snapshots far apart are compared without walking what lies between', () => {
  const early = { xmin: 5n, xmax: 5n, inProgress: [] };
  const late = { xmin: 10n ** 15n, xmax: 10n ** 15n, inProgress: [] };
  expect(isWithin(early, late)).toBe(true);
  expect(isWithin(late, early)).toBe(false);
  expect(isWithin(withOwn(early, 10n ** 14n), late)).toBe(true);
  expect(isWithin(withOwn(early, 10n ** 16n), late)).toBe(false);
});
