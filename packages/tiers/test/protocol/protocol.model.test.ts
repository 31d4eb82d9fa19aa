import { agreeBelow, isWithin, sees, whyInvalid, type Judgement, type MissReason } from '@ormolu/kernel';
import { explore, type Question } from './explore';
import { WORLDS } from './worlds';

/** A world takes some seconds; on a busy machine minutes. */
const LONGEST_MS = 300_000;

test.each(Object.entries(WORLDS))('law: no transaction is answered from a cache what the database would not answer, whatever happens: %s', (name, bounds) => {
  const { violation, isWhole, worlds, depth, hits, misses } = explore({ bounds });
  console.log(`${name}: ${String(worlds)} worlds, ${String(depth)} steps at most, ${String(hits)} hits, misses ${JSON.stringify(Object.fromEntries(misses))}`);
  expect([violation, isWhole]).toEqual([undefined, true]);
  // A rule that refuses everything would pass, too.
  expect(hits).toBeGreaterThan(1_000);
}, LONGEST_MS);

test('an exploration that was given up says so', () => {
  expect(explore({ bounds: WORLDS['readers beside writers'], maxWorlds: 500 })).toMatchObject({ isWhole: false, worlds: 500, violation: undefined });
});

const without = (...reasons: readonly MissReason[]) => (judgement: Judgement): MissReason | undefined => {
  const why = whyInvalid(judgement);
  if (why === undefined || !reasons.includes(why)) return why;
  return later(judgement, why);
};

/** What the rule would say after a reason it left out. */
function later({ entry, reader, log, writers, isChangedHere }: Judgement, left: MissReason): MissReason | undefined {
  const checks: readonly (readonly [MissReason, () => boolean])[] = [
    ['changed here', () => isChangedHere],
    ['not yet known', () => !isWithin(entry.snapshot, log.until)],
    ['reader ahead', () => !isWithin(reader, log.until)],
    ['trimmed', () => !agreeBelow(log.since, entry.snapshot, reader)],
    ['changed between', () => [...writers].some((xid) => sees(entry.snapshot, xid) !== sees(reader, xid))],
  ];
  return checks.find(([reason, holds]) => reason !== left && holds())?.[0];
}

/** The rule with a watermark test of the entry alone. */
function markOfEntryAlone(judgement: Judgement): MissReason | undefined {
  const why = whyInvalid(judgement);
  const { entry, log } = judgement;
  return why !== 'trimmed' || !agreeBelow(log.since, entry.snapshot, { xmin: log.since, xmax: log.since, inProgress: [] }) ? why : later(judgement, 'trimmed');
}

const FAULTS: readonly (readonly [string, keyof typeof WORLDS, Omit<Question, 'bounds'>])[] = [
  ['entries newer than what the process has heard are used', 'readers beside writers', { rule: without('not yet known') }],
  ['the log is asked for what is above the last row', 'readers beside writers', { faults: { pollsAboveLastRow: true } }],
  ['transactions in progress are taken for ended', 'readers beside writers', { faults: { ignoresInProgress: true } }],
  ['what is read after a write is given to the caches', 'readers write, and what they write cascades', { faults: { fillsAfterWrite: true } }],
  ['images are published before the commit', 'readers write, and what they write cascades', { faults: { publishesBeforeCommit: true } }],
  ['the epoch is skipped', 'another server takes over', { faults: { skipsEpoch: true } }],
  ['the trim mark is skipped', 'the log is trimmed or forgotten', { faults: { skipsTrimMark: true } }],
  ['the watermark is not looked at', 'the log is trimmed or forgotten', { rule: without('trimmed') }],
  ["the reader's snapshot is left out of the watermark test", 'the log is trimmed or forgotten', { rule: markOfEntryAlone }],
  ['the reader may see more than the process has heard', 'readers beside writers', { faults: { beginsWithoutPoll: true }, rule: without('reader ahead') }],
  ['emptying a table is not logged', 'readers beside writers', { faults: { truncatesUnlogged: true } }],
  ['who has altered the table is not taken for a writer of everything', 'somebody alters the table by hand, and what is written meanwhile is not logged', { faults: { ignoresAlterations: true } }],
  ['the table is not looked at anew when somebody has altered it', 'somebody alters the table by hand, and what is written meanwhile is not logged', { faults: { looksOnce: true } }],
  ["what a transaction's own statements cascaded to is not learnt", 'readers write, and what they write cascades', { faults: { missesOwnCascades: true } }],
  ['own changes are not looked at', 'readers write, and what they write cascades', { rule: without('changed here') }],
  ['writers are not looked at', 'readers beside writers', { rule: without('changed between') }],
  ['statements at READ COMMITTED go by a poll that was there before they began', 'readers beside writers', { faults: { statementsShareOlderPolls: true } }],
  ['what caches answered is not asked again before the commit', 'serializable transactions', { faults: { skipsReplay: true } }],
  ["the reader's role is left out of the key", 'readers of two roles', { ignoresRole: true }],
];

test.each(FAULTS)('found: %s (%s)', (_, world, question) => {
  const { violation, worlds } = explore({ bounds: WORLDS[world], ...question });
  expect(violation ?? `not in ${String(worlds)} worlds`).toBeInstanceOf(Array);
}, LONGEST_MS);
