import type { Id } from '@ormolu/kernel';
import { defineModels, integer, many2many, many2one, one2many, type Registry } from '@ormolu/registry';
import * as fc from 'fast-check';
import type { RecordSet } from '../../src/index';

type Relations = Readonly<Record<ModelName, Readonly<Record<string, ModelName>>>>;

/** The relations that every random world has; what is computed over them is drawn. */
const RELATIONS: Relations = {
  leaf: { up: 'leaf', ups: 'leaf', tree: 'tree', marks: 'tree' },
  tree: { leaves: 'leaf', marked: 'leaf' },
};
/** In some worlds which tree is a leaf's best one is computed, and stored; the list on its other side follows. */
const WITH_BEST: Relations = { leaf: { ...RELATIONS.leaf, best: 'tree' }, tree: { ...RELATIONS.tree, bestOf: 'leaf' } };

/** The relations of a world: lists may be computed, too. */
export function relationsOf(computed: readonly Computed[]): Relations {
  const base = computed.some(({ name }) => name === 'best') ? WITH_BEST : RELATIONS;
  return computed.reduce<Relations>((known, { model, name, comodel }) => (comodel ? { ...known, [model]: { ...known[model], [name]: comodel } } : known), base);
}
export const NUMBERS = ['x', 'y'] as const;
export type ModelName = 'leaf' | 'tree';

/** A computed field: how it is kept, what it reads, and what it makes of the sum. */
export interface Computed {
  readonly model: ModelName;
  readonly name: string;
  readonly isStored: boolean;
  readonly isBatch: boolean;
  readonly isRecursive: boolean;
  readonly paths: readonly (readonly string[])[];
  readonly shape: 'sum' | 'capped' | 'parity' | 'best' | 'list';
  /** Of a list: whom it holds. Those whom a path leads to before its end, if what it ends in is odd; what a list of the same name holds, all of it. */
  readonly comodel?: ModelName;
}

const picks = fc.record({
  model: fc.constantFrom<ModelName>('leaf', 'leaf', 'tree'),
  isStored: fc.boolean(), isBatch: fc.boolean(),
  shape: fc.constantFrom('sum' as const, 'sum' as const, 'capped' as const, 'parity' as const),
  paths: fc.array(fc.record({ hops: fc.array(fc.nat({ max: 5 }), { maxLength: 2 }), end: fc.nat({ max: 9 }) }), { minLength: 1, maxLength: 3 }),
  /** Itself, of the record above or of those below. */
  recursion: fc.constantFrom('none' as const, 'none' as const, 'up' as const, 'ups' as const),
});

/** The tree of a leaf, or that of the leaf above it. */
export const BEST: Computed = { model: 'leaf', name: 'best', isStored: true, isBatch: false, isRecursive: false, paths: [['x'], ['tree'], ['up', 'tree']], shape: 'best' };

type Picked = typeof picks extends fc.Arbitrary<infer P> ? P : never;

/** Where a path leads that follows some relations, and then one or two more to records of a model, if one is wanted. */
function wayOf(relations: Relations, from: ModelName, { hops, to }: { readonly hops: readonly number[]; readonly to?: ModelName }): { readonly names: readonly string[]; readonly here: ModelName } {
  const names: string[] = [];
  let here = from;
  const follow = (choice: readonly string[], pick: number): void => {
    const relation = choice[pick % choice.length] ?? '';
    names.push(relation);
    here = relations[here][relation] ?? here;
  };
  // Through lists that are computed as often as possible: few values may read them.
  for (const pick of hops) follow(Object.keys(relations[here]).reverse(), pick);
  const [last = 0] = hops;
  if (to !== undefined && (names.length === 0 || here !== to)) {
    if (here === 'tree' && to === 'tree') follow(['leaves', 'marked'], last);
    const [from, wanted] = [here, to];
    follow(Object.keys(relations[from]).filter((relation) => relations[from][relation] === wanted), last);
  }
  return { names, here };
}

/** What a field may read: nothing leads from a stored value through one that is not, if it is a list. */
function readable(known: readonly Computed[], isStored: boolean): readonly Computed[] {
  const isKept = (one: Computed): boolean => one.isStored || (one.comodel === undefined && one.paths.every((path) => pathFields(known, one.model, path).every((other) => other === one || isKept(other))));
  return isStored ? known.filter(isKept) : known;
}

/** The computed fields on a path. */
function pathFields(computed: readonly Computed[], model: ModelName, path: readonly string[]): readonly Computed[] {
  const relations = relationsOf(computed);
  let here = model;
  return path.flatMap((name) => {
    const field = computed.find((one) => one.model === here && one.name === name);
    here = relations[here][name] ?? here;
    return field ? [field] : [];
  });
}

function drawnField(known: readonly Computed[], { model, paths, recursion, ...rest }: Picked, list?: ModelName): Computed {
  const name = list ? 'near' : `c${String(known.length)}`;
  const seen = readable(known, rest.isStored);
  const made = paths.map(({ hops, end }) => {
    const { names, here } = wayOf(relationsOf(seen), model, list ? { hops, to: list } : { hops });
    const ends = [...NUMBERS, ...seen.filter((other) => other.model === here && (other.shape !== 'best' && other.shape !== 'list')).map((other) => other.name)];
    return [...names, ends[end % ends.length] ?? 'x'];
  });
  const isRecursive = recursion !== 'none' && model === 'leaf';
  return { ...rest, ...(list ? { shape: 'list', comodel: list } : {}), model, name, isRecursive, paths: isRecursive ? [...made, [recursion, name]] : made };
}

const lists = fc.oneof(fc.constant(undefined), fc.record({ comodel: fc.constantFrom<ModelName>('leaf', 'tree'), drawn: picks, place: fc.nat({ max: 3 }) }));

/** Computed fields, each of which may read those before it, and itself above or below; and in half of the worlds a list among them. */
export const computedFields: fc.Arbitrary<readonly Computed[]> = fc.tuple(fc.array(picks, { minLength: 1, maxLength: 5 }), fc.constantFrom<readonly Computed[]>([], [], [BEST]), lists)
  .map(([drawn, first, list]) => drawn.reduce<readonly Computed[]>((known, one, place) => {
    const before = list && place === Math.min(list.place, drawn.length - 1) ? [...known, drawnField(known, { ...list.drawn, isStored: false }, list.comodel)] : known;
    return [...before, drawnField(before, one)];
  }, first));

/** What a field makes of the values it has read. */
export function shaped(shape: Computed['shape'], values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return shape === 'capped' ? Math.min(sum, 2) : shape === 'parity' ? sum % 2 : sum % 1_000;
}

function valuesAlong(record: RecordSet, [name = '', ...rest]: readonly string[]): readonly number[] {
  const value = record.get(name);
  if (rest.length === 0) return [(value as number | null) ?? 0]; // all that paths end in are numbers
  return value === null ? [] : [...(value as RecordSet)].flatMap((next) => valuesAlong(next, rest)); // and all before are relations
}

function membersAlong(record: RecordSet, [name = '', ...rest]: readonly string[], list: string): readonly Id[] {
  if (name === list) return (record.get(name) as RecordSet).ids; // a list of the same name
  if (rest.length === 0) return isOdd(record.get(name)) ? record.ids : [];
  const value = record.get(name) as RecordSet | null; // all before the end are relations
  return value === null ? [] : [...value].flatMap((next) => membersAlong(next, rest, list));
}

/** The models as they were drawn. */
export function registryOf(computed: readonly Computed[]): Registry {
  const made = ({ name, comodel, isStored, isRecursive }: Computed): object => {
    if (name === 'best') return many2one('tree', { store: true });
    return comodel ? many2many(comodel, { recursive: isRecursive }) : integer({ store: isStored, recursive: isRecursive });
  };
  const drawn = (model: ModelName): object => Object.fromEntries(computed.filter((field) => field.model === model).map((field) => [field.name, made(field)]));
  const base = defineModels({
    leaf: { x: integer(), y: integer(), up: many2one('leaf'), ups: one2many('leaf', 'up'), tree: many2one('tree'), marks: many2many('tree'), ...drawn('leaf') },
    tree: { x: integer(), y: integer(), leaves: one2many('leaf', 'tree'), marked: many2many('leaf'), ...(computed.includes(BEST) ? { bestOf: one2many('leaf', 'best') } : {}), ...drawn('tree') },
  });
  // Drawn at random, so that the compiler knows neither names nor paths.
  let models = base as unknown as Untyped;
  for (const { model, name, isBatch, paths, shape } of computed) {
    const depends = paths.map((path) => path.join('.'));
    const valueOf = (record: RecordSet): unknown => (shape === 'list' ? paths.flatMap((path) => membersAlong(record, path, name)) : shaped(shape, paths.flatMap((path) => valuesAlong(record, path))));
    if (name === 'best') models = models.compute(model, name, depends, (record) => (isOdd(record.get('x')) ? record.get('tree') : ((record.get('up') as RecordSet | null)?.get('tree') ?? null)));
    else models = isBatch
      ? models.computeBatch(model, [name], depends, (records) => {
        for (const record of records) record.set(name, valueOf(record));
      })
      : models.compute(model, name, depends, valueOf);
  }
  return models.registry();
}

/** Whether a number is there, and odd. */
export function isOdd(value: unknown): boolean {
  return typeof value === 'number' && value % 2 === 1;
}

interface Untyped {
  compute(model: string, name: string, depends: readonly string[], run: (record: RecordSet) => unknown): Untyped;
  computeBatch(model: string, names: readonly string[], depends: readonly string[], run: (records: RecordSet) => void): Untyped;
  registry(): Registry;
}
