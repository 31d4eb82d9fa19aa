import { ConflictError } from '@ormolu/kernel';
import { char, defineModels, integer, openOrmolu, type DefinitionsOf, type EnvironmentOf, type Ormolu, type Storage } from '../../src/index';
import fc from 'fast-check';

export const models = defineModels({ item: { name: char(), size: integer(), label: char({ store: true }) } })
  .compute('item', 'label', ['name', 'size'], (item) => `${item.name ?? '-'}:${String(item.size ?? '-')}`);

type Shape = DefinitionsOf<typeof models>;
type Database = Ormolu<Shape>;

export const COUNT = 4;
const NAMES = ['a', 'b', null] as const;
const SIZES = [0, 1, null] as const;

/** The fields that are written, and where each is found in {@link Row}. */
export type Field = 'name' | 'size';
export interface Row {
  name: string | null;
  size: number | null;
}

export type Step =
  | { readonly op: 'assign' | 'assign in run' | 'write' | 'elsewhere'; readonly which: number; readonly field: Field; readonly pick: number }
  | { readonly op: 'write all' | 'write found'; readonly field: Field; readonly pick: number; readonly by: number }
  | { readonly op: 'read' | 'load'; readonly which: number }
  | { readonly op: 'flush' | 'find' | 'savepoint' | 'release' | 'rollback' };

/** One transaction: what is in memory when it begins, what happens in it, how it ends. */
export interface Work {
  readonly isWarm: boolean;
  readonly steps: readonly Step[];
  readonly end: 'commit' | 'throw';
}

const which = fc.nat({ max: COUNT - 1 });
const pick = fc.nat({ max: 2 });
const field = fc.constantFrom<Field>('name', 'size');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('assign' as const, 'assign in run' as const, 'write' as const), which, field, pick }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('write all' as const, 'write found' as const), field, pick, by: pick }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('elsewhere' as const), which, field, pick }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('read' as const, 'load' as const), which }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('flush' as const, 'find' as const, 'release' as const, 'rollback' as const) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('savepoint' as const) }) },
);
export const works: fc.Arbitrary<readonly Work[]> = fc.array(
  fc.record({ isWarm: fc.boolean(), steps: fc.array(step, { maxLength: 10 }), end: fc.constantFrom('commit' as const, 'commit' as const, 'throw' as const) }), { minLength: 1, maxLength: 4 });

const valueOf = (name: Field, at: number): string | number | null => (name === 'name' ? NAMES[at] : SIZES[at]) ?? null;
const labelOf = ({ name, size }: Row): string => `${name ?? '-'}:${String(size ?? '-')}`;
const copyOf = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row }));

/** Another connection: writes a record and commits. @returns false when a lock of the transaction keeps it out */
export type Elsewhere = (id: number, values: Row & { readonly label: string }) => Promise<boolean>;

class Thrown extends Error {}

/** Runs transactions through the façade beside a model of what must be true, and compares at every step. */
export class Interleaved {
  readonly #db: Database;
  readonly #elsewhere: Elsewhere | undefined;
  #ids: readonly number[] = [];
  #committed: Row[] = [];

  private constructor(db: Database, elsewhere: Elsewhere | undefined) {
    this.#db = db;
    this.#elsewhere = elsewhere;
  }

  static async open(storage: Storage, elsewhere: Elsewhere | undefined): Promise<Interleaved> {
    const db = await openOrmolu({ models, storage });
    await db.migrate();
    return new Interleaved(db, elsewhere);
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  async play(script: readonly Work[]): Promise<void> {
    this.#committed = Array.from({ length: COUNT }, (_, n) => ({ name: NAMES[n % 3] ?? null, size: n }));
    this.#ids = await this.#db.transaction(async (env) => {
      await (await env.model('item').search({})).unlink();
      return (await env.model('item').create(this.#committed.map((row) => ({ ...row })))).ids.map(Number);
    });
    for (const work of script) await this.#run(work);
  }

  async #run(work: Work): Promise<void> {
    const touched = new Set<number>();
    const changedElsewhere = new Set<number>();
    let view: Row[] = [];
    const before = copyOf(this.#committed);
    try {
      await this.#db.transaction(async (env) => {
        view = await this.#steps(env, work, { touched, changedElsewhere });
        if (work.end === 'throw') throw new Thrown();
      }, { tries: 1 });
      // First committer wins: what another changed meanwhile, this one cannot have changed.
      for (const at of changedElsewhere) expect(view[at]).toEqual(before[at]);
      for (const [at, row] of view.entries()) if (!changedElsewhere.has(at)) this.#committed[at] = { ...row };
    } catch (error) {
      if (error instanceof ConflictError) expect([...touched].some((at) => changedElsewhere.has(at))).toBe(true);
      else if (!(error instanceof Thrown)) throw error;
    }
    await this.#db.transaction(async (env) => {
      await this.#compare(env, this.#committed, [...this.#committed.keys()]);
    });
  }

  async #steps(env: EnvironmentOf<Shape>, { steps, isWarm }: Work, seen: { readonly touched: Set<number>; readonly changedElsewhere: Set<number> }): Promise<Row[]> {
    const all = env.model('item').browse(this.#ids);
    // The first statement takes the snapshot.
    if (isWarm) await all.load(['name', 'size', 'label']);
    else await env.model('item').count({});
    let view = copyOf(this.#committed);
    const savepoints: { readonly point: { release(): Promise<void>; rollback(): Promise<void> }; readonly view: Row[] }[] = [];
    const put = (at: number, name: Field, value: string | number | null): void => {
      seen.touched.add(at);
      Object.assign(view[at] ?? {}, { [name]: value });
    };
    for (const each of steps) {
      switch (each.op) {
        case 'assign': case 'assign in run': case 'write': {
          const value = valueOf(each.field, each.pick);
          const record = env.model('item').browse(this.#ids[each.which] ?? 0);
          if (each.op === 'write') await record.write({ [each.field]: value });
          else if (each.op === 'assign') Object.assign(await record.load(['name', 'size']), { [each.field]: value });
          else await env.run(() => { Object.assign(record, { [each.field]: value }); });
          put(each.which, each.field, value);
          break;
        }
        case 'write all': case 'write found': {
          const wanted = valueOf('size', each.by) as number | null; // as values of size are
          const records = each.op === 'write all' ? all : await env.model('item').search({ size: wanted });
          const value = valueOf(each.field, each.pick);
          const places = [...view.keys()].filter((at) => each.op === 'write all' || view[at]?.size === wanted);
          expect(records.ids).toEqual(places.map((at) => this.#ids[at]));
          await records.write({ [each.field]: value });
          for (const at of places) put(at, each.field, value);
          break;
        }
        case 'elsewhere': {
          const row: Row = { name: null, size: null, ...this.#committed[each.which], [each.field]: valueOf(each.field, each.pick) };
          if (await this.#elsewhere?.(this.#ids[each.which] ?? 0, { ...row, label: labelOf(row) }) !== true) break;
          seen.changedElsewhere.add(each.which);
          this.#committed[each.which] = row;
          break;
        }
        case 'read':
          await this.#compare(env, view, [each.which]);
          break;
        case 'load':
          await env.model('item').browse(this.#ids[each.which] ?? 0).load(['label']);
          break;
        case 'flush':
          await env.flush();
          break;
        case 'find':
          for (const row of view) {
            const label = labelOf(row);
            expect((await env.model('item').search({ label })).ids).toEqual(this.#ids.filter((_, at) => labelOf(view[at] ?? row) === label));
          }
          break;
        case 'savepoint':
          savepoints.push({ point: await env.transaction.savepoint(), view: copyOf(view) });
          break;
        case 'release':
          await savepoints.pop()?.point.release();
          break;
        case 'rollback': {
          const last = savepoints.pop();
          await last?.point.rollback();
          if (last) view = last.view;
        }
      }
    }
    await this.#compare(env, view, [...view.keys()]);
    for (const { point } of savepoints.reverse()) await point.release();
    await env.flush();
    await env.transaction.cache.check(env);
    return view;
  }

  /** What memory shows, and what the database has for this transaction, is what must be true. */
  async #compare(env: EnvironmentOf<Shape>, rows: readonly Row[], places: readonly number[]): Promise<void> {
    const records = env.model('item').browse(places.map((at) => this.#ids[at] ?? 0));
    const shown = await env.run(() => [records.mapped('name'), records.mapped('size'), records.mapped('label')]);
    const wanted = places.map((at) => rows[at] ?? { name: null, size: null });
    expect(shown).toEqual([wanted.map(({ name }) => name), wanted.map(({ size }) => size), wanted.map(labelOf)]);
  }
}
