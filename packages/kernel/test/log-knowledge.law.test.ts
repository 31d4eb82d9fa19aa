import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { concerns, type ChangeRow, type LogPoll, type Tag } from '../src/change-log';
import { LogKnowledge } from '../src/log-knowledge';
import { sees, type Snapshot } from '../src/snapshot';

type Change = Omit<ChangeRow, 'xid'>;

const FIELDS = ['a', 'b'];
const ids = fc.constantFrom(1, 2);
const models = fc.constantFrom('city', 'state');
const changes: fc.Arbitrary<Change> = fc.record({
  model: models, id: fc.option(ids), fields: fc.option(fc.subarray(FIELDS, { minLength: 1 })),
});
const tags: readonly Tag[] = ['city', 'state'].flatMap((model) => [undefined, 1, 2].flatMap((id) => [undefined, ['a'], ['b'], ['a', 'b']].map((fields) => ({ model, id, fields }))));

const made = fc.array(changes, { minLength: 1, maxLength: 3 });
const steps = fc.array(fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), changes: made, isDone: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'commit' as const, 'abort' as const), which: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('poll' as const, 'ask' as const), from: fc.option(fc.bigInt({ min: 5n, max: 30n }), { nil: undefined }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hear' as const), which: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass on' as const), from: fc.option(fc.bigInt({ min: 5n, max: 30n }), { nil: undefined }), most: fc.constantFrom(2, 5, 1000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('trim' as const, 'fail over' as const) }) },
), { minLength: 5, maxLength: 40, size: 'max' });

/** A database with its log, as PostgreSQL keeps them. */
class Database {
  next = 10n;
  trimmed = 0n;
  timeline = 1;
  readonly open = new Map<bigint, readonly Change[]>();
  /** All that was ever committed on this timeline; the log lacks what was trimmed. */
  committed: ChangeRow[] = [];

  get log(): readonly ChangeRow[] {
    return this.committed.filter(({ xid }) => xid >= this.trimmed);
  }

  snapshot(): Snapshot {
    const inProgress = [...this.open.keys()].sort((a, b) => Number(a - b));
    return { xmin: inProgress[0] ?? this.next, xmax: this.next, inProgress };
  }

  /** What a poll would be answered now. */
  answer(after: Snapshot | undefined, from: bigint | undefined): LogPoll {
    const until = this.snapshot();
    const asked = (xid: bigint): boolean => (after ? xid >= after.xmax || after.inProgress.includes(xid) : xid >= (from ?? until.xmin));
    return { after, from: after ? undefined : from, until, epoch: `t${String(this.timeline)}`, trimmed: this.trimmed, rows: this.log.filter(({ xid }) => asked(xid)) };
  }

  /** Another server goes on, without the last transaction of the log: its number is given out again. */
  failOver(): void {
    const lost = this.committed.at(-1)?.xid ?? this.next;
    this.timeline += 1;
    this.open.clear();
    this.committed = this.committed.filter(({ xid }) => xid < lost);
    this.next = lost;
    this.trimmed = this.trimmed < lost ? this.trimmed : lost;
  }
}

test('law: whatever the order of polls and answers, all writers since `since` that `until` sees are known, and only those that wrote, also to whom it is passed on', () => {
  let judged = 0;
  fc.assert(fc.property(steps, fc.constantFrom(3, 10, 1000), (script, maxRows) => {
    const database = new Database();
    const [knowledge, other] = [new LogKnowledge({ maxRows }), new LogKnowledge()];
    const answers: LogPoll[] = [];
    for (const step of script) {
      if (step.kind === 'write') {
        if (step.isDone) database.committed.push(...step.changes.map((change) => ({ ...change, xid: database.next })));
        else database.open.set(database.next, step.changes);
        database.next += 1n;
      } else if (step.kind === 'commit' || step.kind === 'abort') {
        const [xid, wrote] = [...database.open][step.which % Math.max(1, database.open.size)] ?? [];
        if (xid === undefined || wrote === undefined) continue;
        database.open.delete(xid);
        if (step.kind === 'commit') database.committed.push(...wrote.map((change) => ({ ...change, xid })));
      } else if (step.kind === 'poll') {
        knowledge.learn(database.answer(knowledge.extent?.until, step.from));
      } else if (step.kind === 'ask') {
        answers.push(database.answer(knowledge.extent?.until, step.from));
      } else if (step.kind === 'hear') {
        const [answer] = answers.splice(step.which % Math.max(1, answers.length), 1);
        if (answer) knowledge.learn(answer);
      } else if (step.kind === 'pass on') {
        const news = knowledge.newsFor(other.extent?.epoch === knowledge.extent?.epoch ? other.extent?.until : undefined, step);
        if (news) other.learn(news);
      } else if (step.kind === 'trim') {
        database.trimmed = database.snapshot().xmin;
      } else {
        database.failOver();
      }
      if (knowledge.extent) expect(knowledge.size).toBeLessThanOrEqual(maxRows);
      for (const one of [knowledge, other]) judged += judge(database, one, step);
    }
  }), { numRuns: lawRuns(500) });
  expect(judged).toBeGreaterThan(1_000);
});

/** Compares what is known with what was committed. @returns how many writers were known */
function judge(database: Database, knowledge: LogKnowledge, step: unknown): number {
  const { extent } = knowledge;
  if (extent?.epoch !== `t${String(database.timeline)}`) return 0;
  let judged = 0;
  for (const tag of tags) {
    const wrote = new Set(database.committed.filter((row) => concerns(row, tag)).map(({ xid }) => xid));
    const known = new Set(knowledge.writersOf(tag));
    const missed = [...wrote].filter((xid) => xid >= extent.since && sees(extent.until, xid) && !known.has(xid));
    const invented = [...known].filter((xid) => !wrote.has(xid));
    const wrongFrom = [...known].filter((xid) => xid >= 13n && xid < 19n).length - new Set(knowledge.writersOf(tag, { from: 13n, below: 19n })).size;
    const shown = new Set(knowledge.rowsOf(tag).map(({ xid }) => xid));
    if (missed.length > 0 || invented.length > 0 || wrongFrom !== 0 || shown.size !== known.size) {
      expect({ step, tag, missed, invented, wrongFrom, shown }).toEqual({ step, tag, missed: [], invented: [], wrongFrom: 0, shown: known });
    }
    judged += known.size;
  }
  return judged;
}
