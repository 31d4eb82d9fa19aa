import { isDeepStrictEqual } from 'node:util';
import { EVERYTHING, OrmoluError, type Columns, type Commit, type GroupQuery, type Groups, type Isolation, type Query, type ReadQuestion, type Rung, type RungStats, type Session, type Storage, type StoredId } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { postgres } from '@ormolu/storage/postgres';
import { LocalCache, LocalRung } from '@ormolu/tiers';
import { BAGS, dice, FIELDS, GROUPINGS, ITEMS, QUERIES, WORLD, type Report } from './world';

/** How many transactions a process has open at a time. */
const FLOWS = 3;
/** Records asked for at once. */
const TOGETHER = 15;
const SECOND_MS = 1_000;
const ISOLATIONS: readonly Isolation[] = ['repeatable read', 'repeatable read', 'read committed', 'serializable'];
/** Rows by id. */
type RowsById = ReadonlyMap<StoredId, readonly unknown[]>;

/** The foot of the ladder, which remembers what it was asked. */
class Asked implements Rung {
  readonly name = 'asked';
  readonly capabilities: Rung['capabilities'] = { sharedAcrossTransactions: false, sharedAcrossProcesses: false };
  readonly #below = new StorageRung();
  readonly ids = new Set<StoredId>();
  wasAsked = false;

  /** Begins to remember anew. */
  forget(): void {
    this.ids.clear();
    this.wasAsked = false;
  }

  read(session: Session, question: ReadQuestion): Promise<Columns> {
    for (const id of question.ids) this.ids.add(id);
    return this.#below.read(session, question);
  }

  query(session: Session, query: Query): Promise<Columns> {
    this.wasAsked = true;
    return this.#below.query(session, query);
  }

  count(session: Session, query: Query): Promise<number> {
    this.wasAsked = true;
    return this.#below.count(session, query);
  }

  group(session: Session, query: GroupQuery): Promise<Groups> {
    this.wasAsked = true;
    return this.#below.group(session, query);
  }

  publish(commit: Commit): Promise<void> {
    return this.#below.publish(commit);
  }

  stats(): readonly RungStats[] {
    return [];
  }
}

/** One process: transactions that read through the cache, and compare each answer with what the database tells the same transaction. */
class Worker {
  readonly #storage: Storage;
  readonly #cache = new LocalCache({ maxEntries: 50 });
  readonly #name: string;
  readonly #random: (bound: number) => number;
  #counts = { reads: 0, hits: 0, fresh: 0, undecided: 0, transactions: 0, commits: 0 };
  #differences: string[] = [];
  isOver = false;

  constructor(url: string, name: string, seed: number) {
    this.#storage = postgres({ connectionString: url, max: FLOWS, options: '-c lock_timeout=300ms -c deadlock_timeout=100ms' });
    this.#name = name;
    this.#random = dice(seed);
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: FLOWS }, async () => {
      while (!this.isOver) await this.#transaction();
    }));
    await this.#storage.close();
  }

  /** What happened since the last report. */
  take(): Report {
    const report = { ...this.#counts, differences: this.#differences };
    this.#counts = { reads: 0, hits: 0, fresh: 0, undecided: 0, transactions: 0, commits: 0 };
    this.#differences = [];
    return report;
  }

  async #transaction(): Promise<void> {
    const isolation = ISOLATIONS[this.#random(ISOLATIONS.length)] ?? 'repeatable read';
    const asked = new Asked();
    const rung = new LocalRung(asked, this.#cache);
    let session: Session | undefined;
    this.#counts.transactions += 1;
    try {
      session = await this.#storage.open({ schema: WORLD, isolation, sight: true });
      const changed = new Map<string, Set<StoredId>>();
      for (let left = 2 + this.#random(5); left > 0; left -= 1) await this.#step(session, { rung, asked, changed });
      if (this.#random(8) === 0) return;
      await session.commit();
      this.#counts.commits += 1;
      await rung.publish({ changed });
    } catch (error) {
      // Another was faster, held a lock, or the database ended the connection: what was compared before stands.
      if (!OrmoluError.is(error)) throw error;
    } finally {
      await session?.rollback();
    }
  }

  async #step(session: Session, own: { readonly rung: Rung; readonly asked: Asked; readonly changed: Map<string, Set<StoredId>> }): Promise<void> {
    const what = this.#random(100);
    if (what < 66) await this.#read(session, own);
    else if (what < 90) await this.#ask(session, own, what);
    else await this.#write(session, own.changed, what);
  }

  async #read(session: Session, { rung, asked }: { readonly rung: Rung; readonly asked: Asked }): Promise<void> {
    const from = TOGETHER * this.#random(ITEMS / TOGETHER) + 1;
    const question = { model: 'item', ids: Array.from({ length: TOGETHER }, (_, at) => from + at), fields: FIELDS[this.#random(FIELDS.length)] ?? [] };
    const before = session.isolation === 'read committed' ? rowsOf(await session.read(question)) : undefined;
    asked.forget();
    const told = rowsOf(await rung.read(session, question));
    const hits = question.ids.filter((id) => !asked.ids.has(id));
    const after = rowsOf(await session.read(question));
    if (after.size === 0 && told.size > 0 && await this.#isTruncated(session)) return;
    for (const id of question.ids) {
      const row = told.get(id);
      if (!this.#compare(row, { before: before && { row: before.get(id) }, after: after.get(id), fields: question.fields, what: `${session.isolation} read ${String(id)}` })) continue;
      if (!hits.includes(id)) continue;
      this.#counts.hits += 1;
      const [writer, at] = ['writer', 'at'].map((field) => row?.[question.fields.indexOf(field)]);
      if (row && writer !== this.#name && Date.now() - Number(at) < SECOND_MS) this.#counts.fresh += 1;
    }
  }

  async #ask(session: Session, { rung, asked }: { readonly rung: Rung; readonly asked: Asked }, what: number): Promise<void> {
    const query = QUERIES[this.#random(QUERIES.length)] ?? { model: 'item', filter: EVERYTHING };
    const grouping = GROUPINGS[this.#random(GROUPINGS.length)] ?? { model: 'item', filter: EVERYTHING, by: [], aggregates: [] };
    const from = (source: Pick<Session, 'query' | 'count'> & { group(grouping: GroupQuery): Promise<Groups> }): Promise<unknown> => (
      what < 80 ? source.query(query).then(({ ids, columns }) => ({ ids, columns }))
        : what < 85 ? source.count(query)
          : source.group(grouping).then(({ count, keys, aggregates }) => ({ count, keys, aggregates }))
    );
    const before = session.isolation === 'read committed' ? await from(session) : undefined;
    asked.forget();
    const told = await from({ query: (one) => rung.query(session, one), count: (one) => rung.count(session, one), group: (one) => rung.group(session, one) });
    const after = await from(session);
    if (before !== undefined && !isDeepStrictEqual(told, before) && !isDeepStrictEqual(told, after)) {
      // Between two that differ there may have been a third; between two that are the same, hardly: but it may.
      this.#counts.undecided += 1;
      return;
    }
    const isRight = before !== undefined || isDeepStrictEqual(told, after);
    if (!isRight && await this.#isTruncated(session)) return;
    this.#counts.reads += 1;
    if (!asked.wasAsked) this.#counts.hits += 1;
    if (!isRight) this.#differ(`${session.isolation} question ${JSON.stringify(what < 85 ? query : grouping)}`, told, after);
  }

  async #write(session: Session, changed: Map<string, Set<StoredId>>, what: number): Promise<void> {
    const id = 1 + this.#random(ITEMS);
    const now = Date.now();
    const token = `${this.#name} ${String(this.#random(1e9))}`;
    if (what < 95) {
      await session.update({ model: 'item', ids: [id], fields: ['token', 'size', 'writer', 'at'], columns: [[token], [this.#random(4)], [this.#name], [now]] });
      changed.set('item', (changed.get('item') ?? new Set()).add(id));
    } else if (what < 98) {
      await session.sql('update soak_item set token = $1, size = size + 1 - 4 * (size / 3), writer = $2, at = $3 where id = $4', [token, this.#name, now, id]);
    } else {
      // Its items lose their bag: a cascade.
      const bag = 1 + this.#random(BAGS);
      await session.delete('bag', [bag]);
      await session.insert({ model: 'bag', count: 1, ids: [bag], fields: ['name', 'writer', 'at'], columns: [['abc'[this.#random(3)]], [this.#name], [now]] });
      await session.update({ model: 'item', ids: [id], fields: ['bag', 'writer', 'at'], columns: [[bag], [this.#name], [now]] });
    }
  }

  /** TRUNCATE does not respect snapshots: an older one finds the table empty, as PostgreSQL's documentation says, and the cache goes on with what it saw. */
  async #isTruncated(session: Session): Promise<boolean> {
    const isEmpty = await session.count({ model: 'item', filter: EVERYTHING }) === 0;
    if (isEmpty) this.#counts.undecided += 1;
    return isEmpty;
  }

  /** @returns whether it could be decided */
  #compare(told: readonly unknown[] | undefined, { before, after, fields, what }: { readonly before: { readonly row: readonly unknown[] | undefined } | undefined; readonly after: readonly unknown[] | undefined; readonly fields: readonly string[]; readonly what: string }): boolean {
    const isRight = isDeepStrictEqual(told, after) || (before !== undefined && isDeepStrictEqual(told, before.row));
    if (!isRight && before !== undefined) {
      const [low, here, high] = [before.row, told, after].map((row) => row?.[fields.indexOf('$version')] as bigint | undefined); // bigints, as versions are
      // One of several versions between the two, or a record that was removed and made anew.
      if (low === undefined || high === undefined || here === undefined || high < low || (here > low && here < high)) {
        this.#counts.undecided += 1;
        return false;
      }
    }
    this.#counts.reads += 1;
    if (!isRight) this.#differ(what, told, { before: before?.row, after });
    return true;
  }

  #differ(what: string, told: unknown, truth: unknown): void {
    const shown = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
    if (this.#differences.length < 5) this.#differences.push(`${this.#name}: ${what}: was told ${shown(told)}, and the database says ${shown(truth)}`);
  }
}

function rowsOf({ ids, columns }: Columns): RowsById {
  return new Map(ids.map((id, row) => [id, columns.map((column) => column[row])]));
}

const [, , url = '', name = '', seed = '1'] = process.argv;
const worker = new Worker(url, name, Number(seed));
const tell = (): void => {
  if (process.connected) process.send?.(worker.take());
};
const ticking = setInterval(tell, 200);
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
