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

/** The relations of a world. */
export function relationsOf(computed: readonly Computed[]): Relations {
  return computed.some(({ name }) => name === 'best') ? WITH_BEST : RELATIONS;
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
  readonly shape: 'sum' | 'capped' | 'parity' | 'best';
}

const picks = fc.record({
  model: fc.constantFrom<ModelName>('leaf', 'leaf', 'tree'),
  isStored: fc.boolean(), isBatch: fc.boolean(),
  shape: fc.constantFrom('sum' as const, 'sum' as const, 'capped' as const, 'parity' as const),
  paths: fc.array(fc.record({ hops: fc.array(fc.nat({ max: 3 }), { maxLength: 2 }), end: fc.nat({ max: 9 }) }), { minLength: 1, maxLength: 3 }),
  /** Itself, of the record above or of those below. */
  recursion: fc.constantFrom('none' as const, 'none' as const, 'up' as const, 'ups' as const),
});

/** The tree of a leaf, or that of the leaf above it. */
export const BEST: Computed = { model: 'leaf', name: 'best', isStored: true, isBatch: false, isRecursive: false, paths: [['x'], ['tree'], ['up', 'tree']], shape: 'best' };

/** Computed fields, each of which may read those before it, and itself above or below. */
export const computedFields: fc.Arbitrary<readonly Computed[]> = fc.tuple(fc.array(picks, { minLength: 1, maxLength: 5 }), fc.constantFrom<readonly Computed[]>([], [], [BEST])).map(([drawn, first]) => drawn.reduce<readonly Computed[]>((known, { model, paths, recursion, ...rest }, place) => {
  const name = `c${String(place)}`;
  const made = paths.map(({ hops, end }) => {
    let here: ModelName = model;
    const names = hops.map((pick) => {
      const relations = Object.keys(relationsOf(first)[here]);
      const relation = relations[pick % relations.length] ?? '';
      here = relationsOf(first)[here][relation] ?? here;
      return relation;
    });
    const ends = [...NUMBERS, ...known.filter((other) => other.model === here && other.name !== 'best').map((other) => other.name)];
    return [...names, ends[end % ends.length] ?? 'x'];
  });
  const isRecursive = recursion !== 'none' && model === 'leaf';
  return [...known, { ...rest, model, name, isRecursive, paths: isRecursive ? [...made, [recursion, name]] : made }];
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

/** The models as they were drawn. */
export function registryOf(computed: readonly Computed[]): Registry {
  const drawn = (model: ModelName): object => Object.fromEntries(computed.filter((field) => field.model === model).map(({ name, isStored, isRecursive }) => [name, name === 'best' ? many2one('tree', { store: true }) : integer({ store: isStored, recursive: isRecursive })]));
  const base = defineModels({
    leaf: { x: integer(), y: integer(), up: many2one('leaf'), ups: one2many('leaf', 'up'), tree: many2one('tree'), marks: many2many('tree'), ...drawn('leaf') },
    tree: { x: integer(), y: integer(), leaves: one2many('leaf', 'tree'), marked: many2many('leaf'), ...(computed.includes(BEST) ? { bestOf: one2many('leaf', 'best') } : {}), ...drawn('tree') },
  });
  // Drawn at random, so that the compiler knows neither names nor paths.
  let models = base as unknown as Untyped;
  for (const { model, name, isBatch, paths, shape } of computed) {
    const depends = paths.map((path) => path.join('.'));
    const valueOf = (record: RecordSet): number => shaped(shape, paths.flatMap((path) => valuesAlong(record, path)));
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
