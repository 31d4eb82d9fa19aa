import { OrmoluError, type Isolation, type Rung, type Storage, type StoredId } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import * as fc from 'fast-check';
import { Transaction, type Environment, type RecordSet } from '../../src/index';
import { geo, INPUTS } from './geo';
import { shownFields, StorageAlone, storedRows, type World } from './storage-alone';

/** One thing that a script does on both sides. */
export type Step =
  | { readonly op: 'create'; readonly model: string; readonly picks: readonly number[] }
  | { readonly op: 'assign' | 'write' | 'assign in run'; readonly model: string; readonly which: number; readonly field: number; readonly pick: number }
  | { readonly op: 'write many'; readonly model: string; readonly field: number; readonly pick: number }
  | { readonly op: 'unlink'; readonly model: string; readonly which: number }
  | { readonly op: 'run' | 'load' | 'plain'; readonly model: string; readonly field: number }
  | { readonly op: 'flush' | 'invalidate' | 'search' }
  | { readonly op: 'savepoint'; readonly flush: boolean; readonly end: 'release' | 'rollback'; readonly steps: readonly Step[] };

const model = fc.constantFrom('country', 'city', 'city', 'region');
const small = fc.nat({ max: 11 });

const { step } = fc.letrec<{ step: Step; steps: readonly Step[] }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: fc.record({ op: fc.constant('create' as const), model, picks: fc.array(small, { minLength: 5, maxLength: 5 }) }) },
    { weight: 8, arbitrary: fc.record({ op: fc.constantFrom('assign' as const, 'write' as const, 'assign in run' as const), model, which: small, field: small, pick: small }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('write many' as const), model, field: small, pick: small }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('unlink' as const), model, which: small }) },
    { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('run' as const, 'load' as const, 'plain' as const), model, field: small }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('flush' as const, 'invalidate' as const, 'search' as const) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('savepoint' as const), flush: fc.boolean(), end: fc.constantFrom('release' as const, 'rollback' as const), steps: tie('steps') }) },
  ),
  steps: fc.array(tie('step'), { maxLength: 6 }),
}));
/** What happened in an earlier transaction, and what happens in this one. */
export interface Script {
  readonly before: readonly Step[];
  readonly script: readonly Step[];
  /** Whether everything is in memory when it begins, or nothing is. What is known at a write must change nothing but its cost. */
  readonly isWarm: boolean;
}

export const scripts: fc.Arbitrary<Script> = fc.record({ before: fc.array(step, { maxLength: 12 }), script: fc.array(step, { minLength: 1, maxLength: 14 }), isWarm: fc.boolean() });

/** Every script begins with a small world, so that few steps are needed to make something happen. */
const POPULATION: readonly Step[] = [
  ...[0, 1].map((n): Step => ({ op: 'create', model: 'country', picks: [n] })),
  ...[3, 0, 1].map((n): Step => ({ op: 'create', model: 'region', picks: [n, n] })),
  ...[0, 1, 2, 3].map((n): Step => ({ op: 'create', model: 'city', picks: [n, n, n, n, n] })),
];

class RolledBack extends Error {}

/** One script on both sides: through the engine, and on storage alone. */
class Sides {
  readonly tx: Transaction;
  readonly alone: StorageAlone;
  readonly #held = new Map<string, RecordSet>();

  constructor(tx: Transaction, alone: StorageAlone) {
    this.tx = tx;
    this.alone = alone;
  }

  get env(): Environment {
    return this.tx.env;
  }

  async perform(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.one(one);
      // Whatever memory is willing to say between two steps must be true too.
      const world = await this.alone.world();
      for (const model of Object.keys(INPUTS)) this.comparePlain(world, model, shownFields(model));
    }
  }

  async one(one: Step): Promise<void> {
    switch (one.op) {
      case 'create': {
        const values = await this.values(one.model, one.picks);
        const [id] = (await this.env.model(one.model).create(values)).ids;
        expect(id).toBe(await this.alone.create(one.model, values));
        return;
      }
      case 'assign':
      case 'write':
      case 'assign in run':
      case 'write many': {
        await this.change(one);
        return;
      }
      case 'unlink': {
        const [id] = await this.pick(one.model, one.which);
        if (id !== undefined) await this.unlink(one.model, id);
        return;
      }
      case 'run':
      case 'load':
      case 'plain':
        await this.compare(one.model, one.op, one.field);
        return;
      case 'flush':
        await this.tx.flush();
        expect(await storedRows(this.tx.session)).toEqual(await this.alone.stored());
        return;
      case 'invalidate':
        this.tx.cache.invalidate();
        return;
      case 'search': {
        const found = await this.env.model('city').search({ 'country.population': { gte: 3 } });
        const world = await this.alone.world();
        const wanted = [...(world['city'] ?? [])].flatMap(([id, city]) => {
          const country = world['country']?.get(city['country'] as StoredId);
          return ((country?.['population'] as number | undefined) ?? 0) >= 3 ? [id] : [];
        });
        expect([...found.ids].sort()).toEqual(wanted.sort());
        return;
      }
      case 'savepoint':
        await this.savepoint(one);
    }
  }

  async savepoint(one: Extract<Step, { op: 'savepoint' }>): Promise<void> {
    const mark = await this.alone.session.savepoint();
    const work = async (): Promise<void> => {
      await this.perform(one.steps);
      if (one.end === 'rollback') throw new RolledBack();
    };
    try {
      await this.tx.savepoint(work, { flush: one.flush });
      await this.alone.session.release(mark);
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      await this.alone.session.rollbackTo(mark);
    }
  }

  async change(one: Extract<Step, { pick: number }>): Promise<void> {
    const inputs = INPUTS[one.model] ?? [];
    const name = inputs[one.field % inputs.length] ?? 'name';
    const value = await this.value(one.model, name, one.pick);
    const ids = one.op === 'write many' ? await this.all(one.model) : await this.pick(one.model, one.which);
    if (ids.length === 0 || (await this.makesCycle(ids, name, value))) return;
    const records = this.env.model(one.model).browse(ids);
    const meant = name in { country: 1, twin: 1, region: 1, parent: 1 } && value !== null ? this.env.model(name === 'twin' ? 'city' : name === 'parent' ? 'region' : name).browse(value as StoredId) : value;
    if (one.op === 'assign') for (const record of records) record.set(name, meant);
    else if (one.op === 'assign in run') {
      await this.assignInRun(one, { records, name, meant });
      await this.alone.write(one.model, ids, { [name]: value });
      await this.compareSeen();
      return;
    } else await records.write({ [name]: value });
    await this.alone.write(one.model, ids, { [name]: value });
  }

  /** What a function saw that read after writing: model, field and the values in the order of the ids. */
  readonly #seen: { model: string; name: string; ids: readonly StoredId[]; values: readonly unknown[] }[] = [];

  async assignInRun(one: { which: number; field: number }, { records, name, meant }: { records: RecordSet; name: string; meant: unknown }): Promise<void> {
    const model = Object.keys(INPUTS)[one.which % 3] ?? 'city';
    const ids = await this.all(model);
    const fields = shownFields(model).filter((_, place) => place % 3 === one.field % 3);
    this.#seen.length = 0;
    this.#seen.push(...(await this.env.run(() => {
      for (const record of records) record.set(name, meant);
      return fields.map((field) => ({ model, name: field, ids, values: [...this.env.model(model).browse(ids)].map(this.reader(model, field)) }));
    })));
  }

  async compareSeen(): Promise<void> {
    const world = await this.alone.world();
    for (const { model, name, ids, values } of this.#seen) expect(values).toEqual(ids.map((id) => this.wanted(model, name, world[model]?.get(id) ?? {})));
  }

  async makesCycle(ids: readonly StoredId[], name: string, value: unknown): Promise<boolean> {
    if (name !== 'parent') return false;
    const regions = (await this.alone.world())['region'];
    for (let here = value; here !== null && here !== undefined; here = regions?.get(here as StoredId)?.['parent']) if (ids.includes(here as StoredId)) return true;
    return false;
  }

  async unlink(model: string, id: StoredId): Promise<void> {
    const mark = await this.alone.session.savepoint();
    let refused = false;
    try {
      await this.alone.unlink(model, [id]);
      await this.alone.session.release(mark);
    } catch {
      refused = true;
      await this.alone.session.rollbackTo(mark);
    }
    const attempt = this.tx.savepoint(() => this.env.model(model).browse(id).unlink());
    if (refused) await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
    else await attempt;
  }

  /** Reads one field of all records, in one of the three ways, and compares. */
  async compare(model: string, way: 'run' | 'load' | 'plain', field: number): Promise<void> {
    const names = shownFields(model);
    const name = names[field % names.length] ?? 'name';
    if (way === 'plain') {
      this.comparePlain(await this.alone.world(), model, [name]);
      return;
    }
    const rows = (await this.alone.world())[model] ?? new Map<StoredId, Record<string, unknown>>();
    const records = this.env.model(model).browse([...rows.keys()]);
    const wanted = [...rows.values()].map((row) => this.wanted(model, name, row));
    if (way === 'load') await records.load([name]);
    const read = (): unknown[] => [...records].map(this.reader(model, name));
    expect(way === 'run' ? await this.env.run(read) : read()).toEqual(wanted);
  }

  /** Plain reads of what may or may not be in memory: they answer the truth, or say that they cannot. */
  comparePlain(world: World, model: string, names: readonly string[]): void {
    const rows = world[model] ?? new Map<StoredId, Record<string, unknown>>();
    const records = this.env.model(model).browse([...rows.keys()]);
    for (const record of records) {
      for (const name of names) {
        let value: unknown;
        try {
          value = this.reader(model, name)(record);
        } catch (error) {
          if (!OrmoluError.is(error) || !['TX_NOT_LOADED', 'TX_TRIGGER_PENDING'].includes(error.code)) throw error;
          continue;
        }
        const wanted = this.wanted(model, name, rows.get(record.id as StoredId) ?? {});
        if (!isSame(value, wanted)) expect({ model, id: record.id, name, value }).toEqual({ model, id: record.id, name, value: wanted });
      }
    }
  }

  /**
   * Reads a field as a plain value: a many2one as its id, a list as the set of its ids.
   *
   * By the property, of a record held since it was first read, whose value is found by its slot; and by name, which looks everything up.
   */
  reader(model: string, name: string): (record: RecordSet) => unknown {
    const { relation } = this.tx.registry.field(model, name);
    const plain = (value: unknown): unknown => {
      if (relation && relation.kind !== 'many2one') return new Set((value as RecordSet).ids);
      return relation && value !== null ? (value as RecordSet).id : value;
    };
    return (record) => {
      const key = `${model} ${String(record.id)}`;
      const held = this.#held.get(key) ?? record;
      this.#held.set(key, held);
      const value = plain(Reflect.get(held, name));
      const byName = plain(record.get(name));
      if (!isSame(byName, value)) expect(byName).toEqual(value);
      return value;
    };
  }

  wanted(model: string, name: string, row: Record<string, unknown>): unknown {
    const { relation } = this.tx.registry.field(model, name);
    return relation && relation.kind !== 'many2one' ? new Set(row[name] as readonly StoredId[]) : row[name];
  }

  /** Brings every field of every record into memory. */
  async loadAll(): Promise<void> {
    for (const model of Object.keys(INPUTS)) await this.env.model(model).browse(await this.all(model)).load(shownFields(model));
  }

  async compareAll(): Promise<void> {
    for (const model of Object.keys(INPUTS)) for (const [place] of shownFields(model).entries()) await this.compare(model, 'run', place);
  }

  async all(model: string): Promise<readonly StoredId[]> {
    return [...((await this.alone.world())[model]?.keys() ?? [])];
  }

  async pick(model: string, which: number): Promise<readonly StoredId[]> {
    const ids = await this.all(model);
    const id = ids[which % Math.max(1, ids.length)];
    return id === undefined ? [] : [id];
  }

  async values(model: string, picks: readonly number[]): Promise<Record<string, unknown>> {
    const values: Record<string, unknown> = {};
    for (const [place, name] of (INPUTS[model] ?? []).entries()) values[name] = await this.value(model, name, picks[place] ?? 0);
    return values;
  }

  async value(model: string, name: string, pick: number): Promise<unknown> {
    if (name === 'name') return `${model}${String(pick % 4)}`;
    if (name === 'population') return pick % 5 === 4 ? null : pick % 5;
    const comodel = name === 'twin' ? 'city' : name === 'parent' ? 'region' : name;
    const ids = await this.all(comodel);
    return pick % 4 === 3 ? null : (ids[pick % Math.max(1, ids.length)] ?? null);
  }
}

/** A script compares thousands of values: only those that differ are worth a matcher. */
function isSame(value: unknown, wanted: unknown): boolean {
  if (value instanceof Set && wanted instanceof Set) return value.size === wanted.size && [...value].every((one) => wanted.has(one));
  return value === wanted;
}

/** Where the two sides live, freshly emptied for every script. */
export interface Homes {
  readonly through: Storage;
  readonly beside: Storage;
  /** What stands between the engine and its storage. @defaultValue nothing */
  readonly rung?: Rung;
  /** Of the engine's transactions. */
  readonly isolation?: Isolation;
}

/** Performs a script on both sides, in two transactions, and compares every field of every record, then the rows. */
export async function onBothSides({ through, beside, rung = new StorageRung(), isolation }: Homes, { before, script, isWarm }: Script): Promise<void> {
  const registry = geo.registry();
  for (const steps of [[...POPULATION, ...before], script]) {
    const session = await through.open({ schema: registry.schema, isolation, sight: rung.capabilities.sharedAcrossTransactions });
    const alone = new StorageAlone(await beside.open({ schema: registry.schema }));
    try {
      const sides = new Sides(new Transaction({ registry, session, rung }), alone);
      if (isWarm) await sides.loadAll();
      await sides.perform(steps);
      await sides.compareAll();
      await sides.tx.commit();
      await alone.session.commit();
    } finally {
      await session.rollback();
      await alone.session.rollback();
    }
  }
  const left = await through.open({ schema: registry.schema });
  const right = await beside.open({ schema: registry.schema });
  try {
    expect(await storedRows(left)).toEqual(await storedRows(right));
  } finally {
    await left.rollback();
    await right.rollback();
  }
}
