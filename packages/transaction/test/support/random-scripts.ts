import { OrmoluError, type Storage, type StoredId } from '@ormolu/kernel';
import type { Registry } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import * as fc from 'fast-check';
import { RecordSet, Transaction } from '../../src/index';
import { BEST, computedFields, relationsOf, type Computed, type ModelName } from './random-models';
import { World } from './random-world';

const model = fc.constantFrom<ModelName>('leaf', 'leaf', 'tree');
const MODELS = ['leaf', 'tree'] as const;
const small = fc.nat({ max: 7 });
export type Step =
  | { readonly op: 'create'; readonly model: ModelName; readonly picks: readonly number[] }
  | { readonly op: 'assign' | 'write' | 'assign in run'; readonly model: ModelName; readonly which: number; readonly field: number; readonly pick: number }
  | { readonly op: 'mark' | 'unmark'; readonly which: number; readonly pick: number }
  | { readonly op: 'unlink'; readonly model: ModelName; readonly which: number }
  | { readonly op: 'run' | 'load' | 'search'; readonly model: ModelName; readonly field: number }
  | { readonly op: 'flush' | 'invalidate' }
  | { readonly op: 'savepoint'; readonly flush: boolean; readonly isKept: boolean; readonly steps: readonly Step[] };
const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('create' as const), model, picks: fc.array(small, { minLength: 4, maxLength: 4 }) }) },
    { weight: 9, arbitrary: fc.record({ op: fc.constantFrom('assign' as const, 'write' as const, 'assign in run' as const), model, which: small, field: small, pick: small }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('mark' as const, 'unmark' as const), which: small, pick: small }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('unlink' as const), model, which: small }) },
    { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('run' as const, 'load' as const, 'search' as const), model, field: small }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('flush' as const, 'invalidate' as const) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('savepoint' as const), flush: fc.boolean(), isKept: fc.boolean(), steps: fc.array(tie('step'), { maxLength: 5 }) }) },
  ),
}));

class RolledBack extends Error {}

/** A script through the engine and on the naive reference. */
class Sides {
  readonly #tx: Transaction;
  readonly #computed: readonly Computed[];
  readonly #readsBackwards: boolean;
  readonly #namesOf: Readonly<Record<ModelName, readonly string[]>>;
  world: World;

  constructor(tx: Transaction, { computed, readsBackwards = false }: Pick<Case, 'computed' | 'readsBackwards'>, world: World) {
    this.#tx = tx;
    this.#computed = computed;
    this.#readsBackwards = readsBackwards;
    this.#namesOf = { leaf: namesOf(computed, 'leaf'), tree: namesOf(computed, 'tree') };
    this.world = world;
  }

  async perform(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.#one(one);
      for (const each of MODELS) this.#comparePlain(each);
    }
  }

  async #one(one: Step): Promise<void> {
    switch (one.op) {
      case 'create': {
        const [x = 0, y = 0, up = 0, tree = 0] = one.picks;
        const values = { x: number(x), y: number(y), ...(one.model === 'leaf' ? { up: this.#id('leaf', up, 'null'), tree: this.#id('tree', tree, 'null') } : {}) };
        const [id = 0] = (await this.#tx.env.model(one.model).create(values)).ids as readonly StoredId[];
        this.world.set(one.model, [id], values);
        return;
      }
      case 'assign': case 'write': case 'assign in run':
        return this.#change(one);
      case 'mark': case 'unmark': {
        const [leaf, tree] = [this.#id('leaf', one.which), this.#id('tree', one.pick)];
        if (leaf === null || tree === null) return;
        await this.#tx.env.model('leaf').browse(leaf).write({ marks: [one.op === 'mark' ? { link: tree } : { unlink: tree }] });
        const others = this.world.marks.filter((pair) => pair.leaf !== leaf || pair.tree !== tree);
        this.world.marks = one.op === 'mark' ? [...others, { leaf, tree }] : others;
        return;
      }
      case 'unlink': {
        const id = this.#id(one.model, one.which);
        if (id === null) return;
        await this.#tx.env.model(one.model).browse(id).unlink();
        this.world.unlink(one.model, id);
        return;
      }
      case 'run': case 'load': case 'search':
        return this.#ask(one);
      case 'flush':
        return this.#tx.flush();
      case 'invalidate':
        this.#tx.cache.invalidate();
        return;
      case 'savepoint':
        return this.#savepoint(one);
    }
  }

  async #change({ op, model: of, which, field, pick }: Extract<Step, { op: 'assign' | 'write' | 'assign in run' }>): Promise<void> {
    const id = this.#id(of, which);
    if (id === null) return;
    const name = (of === 'leaf' ? ['x', 'y', 'up', 'tree'] : ['x', 'y'])[field % (of === 'leaf' ? 4 : 2)] ?? 'x';
    const comodel = relationsOf(this.#computed)[of][name];
    const value = comodel ? this.#id(comodel, pick, 'null') : number(pick);
    if (name === 'up' && this.world.isAbove(id, value)) return;
    const record = this.#tx.env.model(of).browse(id);
    const meant = comodel && value !== null ? this.#tx.env.model(comodel).browse(value) : value;
    const before = op === 'assign in run' ? this.#names(of) : [];
    if (op === 'write') await record.write({ [name]: value });
    else if (op === 'assign') record.set(name, meant);
    const seen = op === 'assign in run' ? await this.#tx.run(() => {
      record.set(name, meant);
      return before.map((each) => plain(record, each));
    }) : [];
    this.world.set(of, [id], { [name]: value });
    expectSame({ of, id, name: before }, seen, before.map((each) => this.world.value(of, id, each)));
  }

  async #savepoint({ flush, isKept, steps }: Extract<Step, { op: 'savepoint' }>): Promise<void> {
    const before = this.world.copy();
    await this.#tx.savepoint(async () => {
      await this.perform(steps);
      if (!isKept) throw new RolledBack();
    }, { flush }).catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
      this.world = before;
    });
  }

  async #ask({ op, model: of, field }: Extract<Step, { op: 'run' | 'load' | 'search' }>): Promise<void> {
    const names = op === 'search' ? ['x', ...this.#computed.filter((one) => one.model === of && one.isStored && one !== BEST && one.shape !== 'list').map((one) => one.name)] : this.#names(of);
    const name = names[field % names.length] ?? 'x';
    const ids = [...this.world.rows[of].keys()];
    if (op === 'search') {
      const found = await this.#tx.env.model(of).search({ [name]: { gte: 2 } });
      expect(new Set(found.ids)).toEqual(new Set(ids.filter((id) => Number(this.world.value(of, id, name) ?? -1) >= 2)));
      return;
    }
    const records = this.#tx.env.model(of).browse(ids);
    if (op === 'load') await records.load([name]);
    const read = (): readonly unknown[] => [...records].map((record) => plain(record, name));
    expectSame({ of, name }, op === 'run' ? await this.#tx.run(read) : read(), ids.map((id) => this.world.value(of, id, name)));
  }

  /** Plain reads of what may or may not be in memory: they answer the truth, or say that they cannot. */
  #comparePlain(of: ModelName): void {
    const inOrder = <T>(all: readonly T[]): readonly T[] => (this.#readsBackwards ? all.toReversed() : all);
    for (const record of inOrder([...this.#tx.env.model(of).browse([...this.world.rows[of].keys()])])) {
      for (const name of inOrder(this.#names(of))) {
        let value: unknown;
        try {
          value = plain(record, name);
        } catch (error) {
          if (!OrmoluError.is(error) || !['TX_NOT_LOADED', 'TX_TRIGGER_PENDING'].includes(error.code)) throw error;
          continue;
        }
        expectSame({ of, id: record.id, name }, [value], [this.world.value(of, record.id as StoredId, name)]); // only stored ones are browsed
      }
    }
  }

  async compareAll(): Promise<void> {
    for (const each of MODELS) for (const [field] of this.#names(each).entries()) await this.#ask({ op: 'run', model: each, field });
  }

  async loadAll(): Promise<void> {
    for (const each of MODELS) await this.#tx.env.model(each).browse([...this.world.rows[each].keys()]).load(this.#names(each));
  }

  #names(of: ModelName): readonly string[] {
    return this.#namesOf[of];
  }

  #id(of: ModelName, pick: number, none?: 'null'): StoredId | null {
    const ids = [...this.world.rows[of].keys()];
    return ids.length === 0 || (none && pick % 4 === 3) ? null : (ids[pick % ids.length] ?? null);
  }
}

const number = (pick: number): number | null => (pick === 7 ? null : pick % 4);
/** A many2one as its id, a list as the set of its ids. */
function plain(record: RecordSet, name: string): unknown {
  const value = record.get(name);
  if (!(value instanceof RecordSet)) return value;
  return name === 'up' || name === 'tree' || name === 'best' ? value.id : new Set(value.ids);
}

/** All fields of a model that scripts read. */
function namesOf(computed: readonly Computed[], of: ModelName): readonly string[] {
  return ['x', 'y', ...Object.keys(relationsOf(computed)[of]), ...computed.filter((one) => one.model === of && one.shape !== 'best' && one.shape !== 'list').map(({ name }) => name)];
}

/** Hundreds of thousands of values are compared: only those that differ are worth a matcher. */
function expectSame(where: object, values: readonly unknown[], wanted: readonly unknown[]): void {
  if (values.length !== wanted.length || !values.every((value, place) => isSame(value, wanted[place]))) expect({ ...where, values }).toEqual({ ...where, values: wanted });
}

function isSame(value: unknown, wanted: unknown): boolean {
  if (value instanceof Set && wanted instanceof Set) return value.size === wanted.size && [...value].every((one) => wanted.has(one));
  return Object.is(value, wanted);
}

export interface Case {
  readonly computed: readonly Computed[];
  readonly before: readonly Step[];
  readonly script: readonly Step[];
  readonly isWarm: boolean;
  /** Plain reads come to what is computed before they come to what it reads. */
  readonly readsBackwards?: boolean;
}

const POPULATION: readonly Step[] = [
  ...[0, 1].map((n): Step => ({ op: 'create', model: 'tree', picks: [n, n + 1] })),
  ...[3, 0, 1, 0].map((n, place): Step => ({ op: 'create', model: 'leaf', picks: [place, n, n, place] })),
  { op: 'mark', which: 0, pick: 1 }, { op: 'mark', which: 2, pick: 0 },
];

/** Plays a case: two transactions, and a third that only reads. */
export async function play(storage: Storage, registry: Registry, drawn: Case): Promise<void> {
  const { computed, before, script, isWarm } = drawn;
  let world = new World(computed);
  for (const steps of [[...POPULATION, ...before], script, []]) {
    const session = await storage.open({ schema: registry.schema });
    try {
      const tx = new Transaction({ registry, session, rung: new StorageRung() });
      const sides = new Sides(tx, drawn, world);
      if (isWarm) await sides.loadAll();
      await sides.perform(steps);
      await sides.compareAll();
      await tx.commit();
      ({ world } = sides);
    } finally {
      await session.rollback();
    }
  }
}

/** Models, data and scripts. */
export const cases: fc.Arbitrary<Case> = fc.record({ computed: computedFields, before: fc.array(step, { maxLength: 6 }), script: fc.array(step, { minLength: 1, maxLength: 12 }), isWarm: fc.boolean(), readsBackwards: fc.boolean() });
