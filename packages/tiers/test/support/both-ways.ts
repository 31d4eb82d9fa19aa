import { ConflictError, ConstraintError, EVERYTHING, SameValue, type Columns, type GroupQuery, type Isolation, type Query, type ReadQuestion, type Rung, type Session, type Storage, type StoredId } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import * as fc from 'fast-check';
import { LocalCache, LocalRung, type LocalRungStats, type SharedRungStats } from '../../src/index';
import { change, changes, groupings, IDS, searches, SMALL, type Change, type Rows, type Row } from './small-world';

/** Something that happens in one of the sessions that may be open at the same time, or beside them. */
export type Step =
  | { readonly op: 'open'; readonly at: number; readonly isolation: Isolation }
  | { readonly op: 'read'; readonly at: number; readonly model: string; readonly ids: readonly number[]; readonly fields: readonly number[] }
  | { readonly op: 'ask'; readonly at: number; readonly which: number; readonly fields: readonly number[] }
  | { readonly op: 'write'; readonly at: number; readonly change: Change }
  | { readonly op: 'foreign'; readonly changes: readonly Change[] }
  | { readonly op: 'commit' | 'rollback' | 'savepoint' | 'back'; readonly at: number }
  | { readonly op: 'invalidate'; readonly model: string | undefined };

/** A series of steps, and the questions they ask again and again. */
export interface Script {
  readonly searches: readonly Query[];
  readonly groupings: readonly GroupQuery[];
  readonly steps: readonly Step[];
  readonly maxEntries: number;
}

const at = fc.nat(2);
const models = fc.constantFrom('item', 'item', 'group', 'tag', 'pair');
const isolation = fc.constantFrom<Isolation>('read committed', 'repeatable read', 'repeatable read', 'serializable');
const fields = fc.constantFrom<readonly number[]>([0], [0, 1], [3, 4], [0, 1, 2, 3, 4]);
const ids = fc.constantFrom<readonly number[]>([1], [2, 3], [1, 2, 3], [1, 2, 3, 4, 5, 6, 7]);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('open' as const), at, isolation }) },
  { weight: 14, arbitrary: fc.record({ op: fc.constant('read' as const), at, model: models, ids, fields }) },
  { weight: 14, arbitrary: fc.record({ op: fc.constant('ask' as const), at, which: fc.nat(5), fields: fc.constantFrom<readonly number[]>([], [0, 1], [0, 1, 2, 3, 4]) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('write' as const), at, change: changes }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('foreign' as const), changes: fc.array(changes, { minLength: 1, maxLength: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('commit' as const, 'commit' as const, 'commit' as const, 'rollback' as const, 'savepoint' as const, 'back' as const), at }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('invalidate' as const), model: fc.option(models, { nil: undefined }) }) },
);
export const scripts: fc.Arbitrary<Script> = fc.record({
  searches: fc.array(searches, { minLength: 2, maxLength: 2 }), groupings: fc.array(groupings, { minLength: 1, maxLength: 1 }),
  steps: fc.array(step, { minLength: 20, maxLength: 70, size: 'max' }), maxEntries: fc.constantFrom(2, 100),
});

interface Open {
  readonly session: Session;
  readonly ladder: Ladder;
  readonly changed: Map<string, Set<StoredId>>;
  readonly savepoints: Awaited<ReturnType<Session['savepoint']>>[];
}

/** What is tried, and with how many sessions that can be open together. */
export interface Sides {
  readonly sessions: 1 | 3;
  /** The ladders of some processes, each over a cache of its own. @defaultValue one, of a local rung */
  readonly ladders?: (caches: readonly LocalCache[]) => readonly Ladder[];
  /** Whose hits are counted. @defaultValue 'local' */
  readonly rung?: string;
}

/** The ladder of a process. */
export interface Ladder {
  readonly rung: Rung;
  /** When what it does in the background is done. */
  settled(): Promise<void>;
}

const PROCESSES = 2;
const local = ([cache]: readonly LocalCache[]): readonly Ladder[] => [{ rung: new LocalRung(new StorageRung(), cache ?? new LocalCache()), settled: () => Promise.resolve() }];

/** One process with its local cache on a database, and what its sessions are told, compared with what the database itself tells them. */
export class BothWays {
  readonly #storage: Storage;
  readonly #sides: Sides;
  readonly #open = new Map<number, Open>();
  #caches: readonly LocalCache[] = [];
  #ladders: readonly Ladder[] = [];
  #serial = 0;
  hits = 0;
  asked = 0;

  constructor(storage: Storage, sides: Sides) {
    this.#storage = storage;
    this.#sides = sides;
  }

  async play(rows: Rows, script: Script): Promise<void> {
    this.#caches = Array.from({ length: PROCESSES }, () => new LocalCache({ maxEntries: script.maxEntries }));
    this.#ladders = (this.#sides.ladders ?? local)(this.#caches);
    await this.#fill(rows);
    try {
      for (const one of script.steps) {
        await this.#step(one, script);
        for (const ladder of this.#ladders) await ladder.settled();
      }
    } finally {
      for (const { session } of this.#open.values()) await session.rollback();
      this.#open.clear();
      this.#count();
    }
  }

  async #step(one: Step, script: Script): Promise<void> {
    switch (one.op) {
      case 'open':
        if (this.#open.has(one.at) || this.#open.size >= this.#sides.sessions) return;
        this.#open.set(one.at, { ladder: this.#ladders[one.at % this.#ladders.length] as Ladder, session: await this.#storage.open({ schema: SMALL, isolation: one.isolation, sight: true }), changed: new Map(), savepoints: [] });
        return;
      case 'foreign':
        if (this.#canWrite(undefined)) await this.#foreign(one.changes);
        return;
      case 'invalidate':
        for (const cache of this.#caches) cache.invalidate(one.model);
        return;
      default:
        await this.#inside(one, script);
    }
  }

  async #inside(one: Exclude<Step, { op: 'open' | 'foreign' | 'invalidate' }>, { searches: asked, groupings: grouped }: Script): Promise<void> {
    const places = [...this.#open.keys()];
    const place = places[one.at % Math.max(1, places.length)];
    const open = place === undefined ? undefined : this.#open.get(place);
    if (!open || place === undefined) return;
    const { session, savepoints } = open;
    try {
      switch (one.op) {
        case 'read': {
          const columns = SMALL.table(one.model).columns;
          const question = { model: one.model, ids: one.ids, fields: [...new Set(one.fields.map((field) => columns[field % columns.length]!.field))] };
          await this.#compareRead(open, question);
          return;
        }
        case 'ask':
          await this.#compareAsked(open, one, [asked[one.which % asked.length]!, grouped[one.which % grouped.length]!]);
          return;
        case 'write':
          if (!this.#canWrite(open)) return;
          await this.#write(open, one.change);
          return;
        case 'savepoint':
          savepoints.push(await session.savepoint());
          return;
        case 'back': {
          const last = savepoints.pop();
          if (last) await session.rollbackTo(last);
          return;
        }
        case 'commit':
          this.#open.delete(place);
          await session.commit();
          await open.ladder.rung.publish({ changed: open.changed, images: session.committed });
          return;
        case 'rollback':
          this.#open.delete(place);
          await session.rollback();
      }
    } catch (error) {
      // Another was faster, or took away what is referred to: that is what the isolation level says.
      if (!(error instanceof ConflictError || error instanceof ConstraintError)) throw error;
      this.#open.delete(place);
      await session.rollback();
    }
  }

  async #compareRead({ session, ladder: { rung } }: Open, question: ReadQuestion): Promise<void> {
    const told = await rung.read(session, question);
    expect({ question, rows: sorted(told) }).toEqual({ question, rows: sorted(await session.read(question)) });
  }

  async #compareAsked({ session, ladder: { rung } }: Open, { which, fields: wanted }: Extract<Step, { op: 'ask' }>, [search, grouping]: readonly [Query, GroupQuery]): Promise<void> {
    if (which % 3 === 0) {
      const names = SMALL.table(search.model).columns.map(({ field }) => field);
      const query: Query = { ...search, fields: [...new Set(wanted.map((field) => names[field % names.length]!))] };
      const told = await rung.query(session, query);
      expect({ query, ids: told.ids, columns: told.columns }).toEqual({ query, ...await session.query(query) });
    } else if (which % 3 === 1) {
      expect({ search, count: await rung.count(session, search) }).toEqual({ search, count: await session.count(search) });
    } else {
      const { count, keys, aggregates } = await rung.group(session, grouping);
      expect({ grouping, count, keys, aggregates }).toEqual({ grouping, ...await session.group(grouping) });
    }
  }

  /** One writer at a time: others would wait for its locks, and it for them. */
  #canWrite(who: Open | undefined): boolean {
    if (this.#sides.sessions === 1 && who === undefined && this.#open.size > 0) return false;
    return [...this.#open.values()].every((other) => other === who || other.changed.size === 0);
  }

  async #write(open: Open, one: Change): Promise<void> {
    this.#serial += 1;
    const ids = open.changed.get(one.model) ?? new Set<StoredId>();
    open.changed.set(one.model, ids.add(IDS[one.model]?.[one.which % (IDS[one.model]?.length ?? 1)] ?? 0));
    await change(open.session, one, this.#serial);
  }

  async #foreign(given: readonly Change[]): Promise<void> {
    const session = await this.#storage.open({ schema: SMALL, isolation: 'read committed' });
    try {
      for (const one of given) {
        this.#serial += 1;
        await change(session, one, this.#serial);
      }
      await session.commit();
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof ConstraintError)) throw error;
    } finally {
      await session.rollback();
    }
  }

  async #fill(rows: Rows): Promise<void> {
    await this.#whole(async (session) => {
      const all = async (model: string): Promise<readonly StoredId[]> => (await session.query({ model, filter: EVERYTHING, order: [] })).ids;
      for (const model of Object.keys(rows)) {
        const { names } = byColumn(model, []);
        // References may point both ways, and at the record itself.
        await session.update({ model, ids: await all(model), fields: names, columns: names.map(() => new SameValue(null)) });
      }
      for (const model of Object.keys(rows)) await session.delete(model, await all(model));
    });
    await this.#whole(async (session) => {
      for (const [model, given] of Object.entries(rows)) await session.insert({ model, count: given.length, fields: [], columns: [], ids: IDS[model] ?? [] });
      for (const [model, given] of Object.entries(rows)) {
        const { names, columns } = byColumn(model, given);
        await session.update({ model, ids: IDS[model] ?? [], fields: names, columns });
      }
    });
  }

  async #whole(work: (session: Session) => Promise<void>): Promise<void> {
    const session = await this.#storage.open({ schema: SMALL });
    try {
      await work(session);
      await session.commit();
    } finally {
      await session.rollback();
    }
  }

  #count(): void {
    for (const { rung } of this.#ladders) {
      const own = rung.stats().find((one) => one.rung === (this.#sides.rung ?? 'local')) as LocalRungStats | SharedRungStats; // a rung that counts by model
      for (const { records, queries } of Object.values(own.models)) {
        this.hits += records.hits + queries.hits;
        this.asked += records.asked + queries.asked;
      }
    }
  }
}

function byColumn(model: string, rows: readonly Row[]): { readonly names: readonly string[]; readonly columns: readonly (readonly unknown[])[] } {
  const names = SMALL.table(model).columns.map(({ field }) => field);
  return { names, columns: names.map((field) => rows.map((row) => row[field])) };
}

function sorted({ ids, columns }: Columns): unknown {
  return ids.map((id, row) => [id, ...columns.map((column) => column[row])]).sort((a, b) => Number(a[0]) - Number(b[0]));
}
