// One worker process: transactions that read through its caches, each answer of which is compared with the database's. What it is to do comes as JSON in its
// first argument; its parent hears of it over the channel, and ends it by a message, a signal or by going away.
import { OrmoluError, type Isolation, type ReadQuestion, type Rung, type Session, type StoredId } from '@ormolu/kernel';
import type { SharedRungStats } from '@ormolu/tiers';
import { Asked } from './asked';
import { Comparison, type Watched } from './comparison';
import { dice } from './dice';
import { pause } from './foreign-writer';
import { openLadder, type Ladder, type LadderConfig } from './ladder';
import { past } from './past-caches';
import { emptyTally, type Report, type Tally } from './report';
import { BAGS, DUTIES, FIELDS, GROUPINGS, ITEMS, OFF, QUERIES, RELOADED, STAMPS, WORLD } from './world';

/** What a worker is told. */
export interface WorkerConfig extends LadderConfig {
  readonly name: string;
  readonly seed: number;
  /** Transactions open at a time. */
  readonly flows: number;
  /** Whether it reads behind each write, of which more may come than it says. */
  readonly readsBehind: boolean;
}

/** Records asked for at once: few where a statement is answered as a whole or not at all. */
const TOGETHER: Readonly<Record<Isolation, number>> = { 'repeatable read': 30, serializable: 30, 'read committed': 6 };
const REPORT_MS = 200;
const LONGEST_SHIFT_MS = 12;
const LONGEST_REST_MS = 400;
/** One step in so many is followed by a rest; of a client, whose steps take longer, fewer. */
const RARELY = 20;
const RARELY_FAR = 50;
const ISOLATIONS: readonly Isolation[] = ['repeatable read', 'read committed', 'read committed', 'serializable'];

/** A transaction's ladder, and what it has changed. */
interface Own extends Watched {
  readonly changed: Map<string, Set<StoredId>>;
}

class Worker {
  readonly #ladder: Ladder;
  readonly #name: string;
  readonly #flows: number;
  readonly #readsBehind: boolean;
  readonly #isFar: boolean;
  readonly #random: (bound: number) => number;
  readonly #comparison: Comparison;
  #tally: Tally = emptyTally();
  isOver = false;

  constructor({ name, seed, flows, readsBehind, ...ladder }: WorkerConfig) {
    this.#ladder = openLadder(ladder, flows);
    this.#name = name;
    this.#flows = flows;
    this.#readsBehind = readsBehind;
    this.#isFar = ladder.storage.kind === 'server';
    this.#random = dice(seed);
    this.#comparison = new Comparison(name, () => this.#tally);
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#flows }, async () => {
      while (!this.isOver) await this.#transaction();
    }));
    await this.#ladder.close();
  }

  /** What happened since the last report. */
  take(): Report {
    const report = this.#tally;
    this.#tally = emptyTally();
    return report;
  }

  async #transaction(): Promise<void> {
    if (this.#random(5) > 0) {
      await this.#inSession(this.#one(ISOLATIONS), async (session, own) => {
        for (let left = 2 + this.#random(5); left > 0; left -= 1) {
          await this.#step(session, own);
          // Others of its process learn and forget meanwhile: it goes on as a reader older than what is known.
          if (this.#random(this.#isFar ? RARELY_FAR : RARELY) === 0) await pause(this.#random(LONGEST_REST_MS));
        }
        return this.#random(own.changed.has('item') ? 3 : 8) > 0;
      });
      return;
    }
    const first = 1 + 2 * this.#random(DUTIES / 2);
    const pair = { model: 'duty', ids: [first, first + 1], fields: ['isOn', ...STAMPS] };
    await this.#inSession('repeatable read', (session, own) => this.#comparison.records(session, own, pair).then(() => true));
    await this.#inSession('serializable', async (session, own) => {
      await this.#shift(session, own, pair);
      return true;
    });
  }

  /** @param work - tells whether to commit */
  async #inSession(isolation: Isolation, work: (session: Session, own: Own) => Promise<boolean>): Promise<void> {
    const asked = new Asked();
    let shared: Asked | undefined;
    const rung = this.#ladder.over(asked, (below) => (shared = new Asked(below)));
    const own: Own = { rung, asked, shared, changed: new Map() };
    let session: Session | undefined;
    this.#tally.transactions += 1;
    try {
      session = await this.#ladder.storage.open({ schema: this.#random(16) === 0 ? RELOADED : WORLD, isolation, sight: 'far' });
      if (!await work(session, own)) return;
      await session.commit();
      this.#tally.commits += 1;
      if (own.changed.has('duty') && !asked.wasAsked) this.#tally.shifts += 1;
      await own.rung.publish({ changed: own.changed, images: session.committed });
    } catch (error) {
      // Another was faster, held a lock, or the database ended the connection: what was compared before stands.
      if (!OrmoluError.is(error)) throw error;
    } finally {
      await session?.rollback();
      this.#countMisses(rung);
    }
  }

  /** Why the shared rung did not answer. */
  #countMisses(rung: Rung): void {
    const { sharedMisses: all } = this.#tally;
    const shared = rung.stats().find((one) => one.rung === 'shared') as SharedRungStats | undefined; // it says so of itself
    for (const { records, queries } of Object.values(shared?.models ?? {})) {
      for (const [reason, count = 0] of [...Object.entries(records.misses), ...Object.entries(queries.misses)]) all[reason] = (all[reason] ?? 0) + count;
    }
  }

  async #step(session: Session, own: Own): Promise<void> {
    const what = this.#random(100);
    if (what < 60) await this.#readItems(session, own);
    else if (what < 76) await this.#comparison.question(session, own, { kind: 'query', query: this.#one(QUERIES) });
    else if (what < 80) await this.#comparison.question(session, own, { kind: 'count', query: this.#one(QUERIES) });
    else if (what < 84) await this.#comparison.question(session, own, { kind: 'group', query: this.#one(GROUPINGS) });
    else if (what < 86) await this.#lookForEmptyPairs(session);
    else {
      const id = await this.#write(session, own, what);
      if (this.#readsBehind) await this.#readItems(session, own, id);
    }
  }

  /** @param id - one of those to be read */
  async #readItems(session: Session, own: Own, id = 1 + this.#random(ITEMS)): Promise<void> {
    const together = TOGETHER[session.isolation];
    const from = together * Math.floor((id - 1) / together) + 1;
    await this.#comparison.records(session, own, { model: 'item', ids: Array.from({ length: together }, (_, at) => from + at), fields: this.#one(FIELDS) });
  }

  /** @returns one of the items that it has changed, if there are any */
  async #write(session: Session, { changed }: Own, what: number): Promise<number> {
    const id = 1 + this.#random(ITEMS);
    const now = Date.now();
    const token = `${this.#name} ${String(this.#random(1e9))}`;
    if (what < 95) {
      await session.update({ model: 'item', ids: [id], fields: ['token', 'size', 'writer', 'at', 'label'], columns: [[token], [this.#random(4)], [this.#name], [now], [{ fr: 'ab'[this.#random(2)] }]] });
      changed.set('item', (changed.get('item') ?? new Set()).add(id));
    } else if (what < 98) {
      await session.sql('update soak_item set token = $1, size = size + 1 - 4 * (size / 3), writer = $2, at = $3 where id = $4', [token, this.#name, now, id]);
    } else {
      // Its items lose their bag: a cascade.
      const bag = 1 + this.#random(BAGS);
      await session.delete('bag', [bag]);
      await session.insert({ model: 'bag', count: 1, ids: [bag], fields: ['name', 'title', 'writer', 'at'], columns: [['abc'[this.#random(3)]], [{ en: 'b', fr: 'a' }], [this.#name], [now]] });
      await session.update({ model: 'item', ids: [id], fields: ['bag', 'writer', 'at'], columns: [[bag], [this.#name], [now]] });
    }
    return id;
  }

  /**
   * One of a pair goes off if the other is on, or comes on again. Nothing is asked of the database on the way, so that only the replay of what
   * the cache told keeps two that do so at once from leaving nobody on.
   */
  async #shift(session: Session, { rung, changed }: Own, question: ReadQuestion): Promise<void> {
    const { ids, columns: [isOn = []] } = await rung.read(session, question);
    const off = ids.filter((_, row) => isOn[row] === false);
    if (off.length > 1) this.#comparison.differ('a shift that nobody has', { ids, isOn }, 'one of a pair is always on');
    const id = off[0] ?? this.#one(question.ids);
    await pause(this.#random(LONGEST_SHIFT_MS));
    await session.update({ model: 'duty', ids: [id], fields: ['isOn', 'writer', 'at'], columns: [[off.length > 0], [this.#name], [Date.now()]] });
    changed.set('duty', new Set([id]));
  }

  /** Asks the database, past all caches. */
  async #lookForEmptyPairs(session: Session): Promise<void> {
    const pairs = (await session.query(past(OFF))).ids.map((id) => Math.ceil(Number(id) / 2));
    if (new Set(pairs).size < pairs.length) this.#comparison.differ('both of a pair are off', pairs, 'one of a pair is always on');
  }

  #one<T>(all: readonly T[]): T {
    return all[this.#random(all.length)] as T; // lists of questions are not empty
  }
}

const worker = new Worker(JSON.parse(process.argv[2] ?? '{}') as WorkerConfig); // as the director writes it
const tell = (): void => {
  if (process.connected) process.send?.(worker.take());
};
const ticking = setInterval(tell, REPORT_MS);
process.on('message', () => {
  worker.isOver = true;
});
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
void worker.run().then(() => {
  clearInterval(ticking);
  tell();
  process.disconnect();
}, (error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
