import { NewId, type Id } from '@ormolu/kernel';
import * as fc from 'fast-check';
import { contextKey } from '../context-key';
import type { CacheEnvironment, CacheField } from '../shapes';
import { TestRecords, type CacheOperation } from './operations';

/** Which fields, ids and contexts operations are about. */
export interface TestWorld {
  readonly fields: readonly CacheField[];
  readonly ids: readonly Id[];
  readonly environments: readonly CacheEnvironment[];
}

/** What operations may be drawn. */
export interface OperationOptions {
  /**
   * Whether undo marks are opened, returned to and closed.
   * @defaultValue true
   */
  readonly undo?: boolean | undefined;
}

/** A context in which each key of `dependsContext` has the value given, and `undefined` when none is. */
export function environmentOf(context: Readonly<Record<string, unknown>>): CacheEnvironment {
  return { cacheKey: ({ dependsContext }) => contextKey(dependsContext.map((name) => context[name])) };
}

/** Two models with plain and context-keyed fields, ids of every kind, and contexts whose keys are easily confused. */
export function defaultWorld(): TestWorld {
  const field = (model: string, name: string, ...dependsContext: readonly string[]): CacheField => ({ model, name, dependsContext });
  return {
    fields: [
      field('node', 'id'), field('node', 'name'), field('node', 'amount'), field('node', 'label', 'tone'), field('node', 'quote', 'tone', 'mode'),
      field('leaf', 'name'), field('leaf', 'tint', 'tone'),
    ],
    ids: [1, 2, 3, 4, 5, 6, 300, 1e15, -7, 1n, '1', 'b0f0', new NewId(), new NewId({ origin: 1 }), new NewId({ ref: 'row' })],
    environments: [{}, { tone: null }, { tone: 0 }, { tone: false }, { tone: '', mode: 0 }, { tone: ['x', 'y'], mode: 2 }].map(environmentOf),
  };
}

/** Values that careless code takes for absence, or for one another. */
export const lookAlikes: readonly unknown[] = [undefined, null, 0, false, '', Number.NaN, -0, 0n, '0'];

/** Values that are easily taken for one another. */
export const values: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...lookAlikes) },
  fc.integer({ min: -3, max: 3 }),
  fc.string({ maxLength: 2 }),
  fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  fc.constantFrom(0, 1).map((ms) => new Date(ms)),
  fc.constantFrom(0, 1).map((byte) => Uint8Array.of(byte)),
);

/** A few fields, ids and contexts of a world: a script of calls finds most where they often meet the same cells. */
export function corners({ fields, ids, environments }: TestWorld): fc.Arbitrary<TestWorld> {
  return fc.record({
    fields: fc.subarray([...fields], { minLength: 1, maxLength: Math.min(3, fields.length) }),
    ids: fc.subarray([...ids], { minLength: 1, maxLength: Math.min(5, ids.length) }),
    environments: fc.subarray([...environments], { minLength: 1, maxLength: Math.min(3, environments.length) }),
  });
}

/** Calls on a cache about one world, in the mixture in which they find most: writes often, `clear` seldom. */
export function operations(world: TestWorld, options: OperationOptions = {}): fc.Arbitrary<CacheOperation> {
  const field = fc.constantFrom(...world.fields);
  const id = fc.constantFrom(...world.ids);
  const env = fc.constantFrom(...world.environments);
  const model = fc.constantFrom(...new Set(world.fields.map((one) => one.model)));
  const many = fc.array(id, { maxLength: 6 });
  const one = id.map((only) => [only]);
  const dirty = fc.boolean();
  /** Records of the field's own model, mostly as many as the call is for. */
  const about = (ids: fc.Arbitrary<Id[]>) => fc.tuple(field, ids, env).map(([of, chosen, inEnv]) => ({ field: of, records: new TestRecords(of.model, chosen, inEnv) }));
  const single = about(fc.oneof({ weight: 30, arbitrary: one }, { weight: 1, arbitrary: many }));
  const several = about(many);
  const strange = fc.record({ field, records: fc.tuple(model, many, env).map(([of, ids, inEnv]) => new TestRecords(of, ids, inEnv)) });
  const spec = fc.array(fc.oneof(fc.tuple(field), fc.tuple(field, fc.oneof(fc.constant(null), many))), { maxLength: 3 });
  const mark = fc.nat({ max: 20 });

  const drawn: fc.WeightedArbitrary<CacheOperation>[] = [
    { weight: 8, arbitrary: fc.tuple(single, values, dirty).map(([on, value, isDirty]) => ({ call: 'set', ...on, value, dirty: isDirty })) },
    { weight: 8, arbitrary: fc.tuple(several, fc.array(values, { maxLength: 7 }), dirty).map(([on, list, isDirty]) => ({ call: 'update', ...on, values: list, dirty: isDirty })) },
    { weight: 6, arbitrary: fc.tuple(several, fc.array(values, { maxLength: 7 })).map(([on, list]) => ({ call: 'insertMissing', ...on, values: list })) },
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom('contains', 'get', 'remove', 'isDirty'), single).map(([call, on]) => ({ call, ...on })) },
    { weight: 3, arbitrary: fc.tuple(single, values).map(([on, value]) => ({ call: 'getOr', ...on, value })) },
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom('getValues', 'getUntilMiss', 'getMissingIds', 'getRecords', 'getRecordsAll', 'getDirtyRecords'), several).map(([call, on]) => ({ call, ...on })) },
    { weight: 2, arbitrary: fc.tuple(several, values).map(([on, value]) => ({ call: 'getRecordsDifferentFrom', ...on, value })) },
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom('clearDirty', 'discard', 'markDirty'), several).map(([call, on]) => ({ call, ...on })) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('contains', 'getValues', 'markDirty', 'getRecordsAll', 'getDirtyRecords', 'clearDirty'), strange).map(([call, on]) => ({ call, ...on })) },
    { weight: 2, arbitrary: single.map(({ records }) => ({ call: 'getFields', records })) },
    { weight: 2, arbitrary: fc.tuple(several, fc.option(fc.array(field, { maxLength: 3 }), { nil: undefined })).map(([{ records }, fields]) => ({ call: 'hasDirtyFields', records, fields })) },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom('containsField', 'clearDirtyField'), field).map(([call, of]) => ({ call, field: of })) },
    { weight: 4, arbitrary: fc.option(spec, { nil: undefined, freq: 6 }).map((given) => ({ call: 'invalidate', spec: given })) },
    { weight: 2, arbitrary: fc.tuple(model, many).map(([of, ids]) => ({ call: 'forget', model: of, ids })) },
    { weight: 1, arbitrary: fc.constantFrom('clear', 'getDirtyFields').map((call) => ({ call })) },
  ];
  if (options.undo !== false) {
    drawn.push(
      { weight: 4, arbitrary: fc.constant({ call: 'openUndo' }) },
      { weight: 3, arbitrary: mark.map((at) => ({ call: 'undoTo', mark: at })) },
      { weight: 1, arbitrary: mark.map((at) => ({ call: 'undoAndClose', mark: at })) },
      { weight: 1, arbitrary: mark.map((at) => ({ call: 'closeUndo', mark: at })) },
    );
  }
  return fc.oneof(...drawn);
}
