import { Cache, contextKey, NO_CONTEXT, type CacheField, type ContextKey } from '@ormolu/cache';
import type { ScenarioDepartures } from '../departures';
import { outcomeOf, recordedOutcome, UnknownRecordingError, type Format, type Scenario } from '../scenario';

interface FieldData {
  readonly dependsContext: readonly string[];
}

interface Op {
  readonly op: string;
  readonly model: string;
  readonly field: string;
  readonly ctx: number;
  readonly ids: readonly number[];
  readonly value?: unknown;
  readonly values?: readonly unknown[];
  readonly default?: unknown;
  readonly spec?: readonly (readonly [field: string, ids: readonly number[] | null])[] | null;
  readonly fields?: readonly string[] | null;
}

interface Trace {
  readonly seed: number;
  readonly ops: readonly Op[];
  readonly final: Readonly<Record<string, readonly unknown[]>> | null;
  readonly finalDirty?: Readonly<Record<string, readonly number[]>> | null;
}

interface TraceFile {
  readonly models: Readonly<Record<string, { readonly fields: Readonly<Record<string, FieldData>>; readonly fieldOrder: readonly string[] }>>;
  readonly cacheKeys: readonly Readonly<Record<string, readonly unknown[]>>[];
  readonly traces: readonly Trace[];
}

/** Fields by 'model.name', and the records of a context. Nothing about a particular trace is known here. */
class World {
  readonly #file: TraceFile;
  readonly fields: ReadonlyMap<string, CacheField>;

  constructor(file: TraceFile) {
    this.#file = file;
    this.fields = new Map(Object.entries(file.models).flatMap(([model, { fields, fieldOrder }]) =>
      fieldOrder.map((name) => [`${model}.${name}`, { model, name, dependsContext: fields[name]?.dependsContext ?? [] }] as const)));
  }

  field(qualified: string): CacheField {
    const field = this.fields.get(qualified);
    if (field === undefined) throw new UnknownRecordingError(`field '${qualified}' is not among the models of the file`);
    return field;
  }

  records({ model, ctx, ids }: Op): TraceRecords {
    const keys = this.#file.cacheKeys[ctx];
    if (keys === undefined) throw new UnknownRecordingError(`context ${ctx} is not among the contexts of the file`);
    return new TraceRecords(model, ids, { cacheKey: ({ model: of, name }) => contextKey(keys[`${of}.${name}`] ?? []) });
  }

  fieldOrder(model: string): readonly string[] {
    return this.#file.models[model]?.fieldOrder ?? [];
  }
}

class TraceRecords {
  readonly model: string;
  readonly ids: readonly number[];
  readonly env: { cacheKey(field: CacheField): ContextKey };

  constructor(model: string, ids: readonly number[] | undefined, env: TraceRecords['env']) {
    this.model = model;
    this.ids = ids ?? [];
    this.env = env;
  }

  browse(ids: readonly unknown[]): TraceRecords {
    return new TraceRecords(this.model, ids as readonly number[], this.env); // the trace put only numbers in
  }
}

/** One recorded call on the cache, through its public face. */
type Call = (cache: Cache, op: Op, world: World) => unknown;

/** A call about records and a field. */
const withField = (call: (cache: Cache, records: TraceRecords, field: CacheField, op: Op) => unknown): Call =>
  (cache, op, world) => call(cache, world.records(op), world.field(`${op.model}.${op.field}`), op);

const qualifiedName = ({ model, name }: CacheField): string => `${model}.${name}`;

const CALLS: ReadonlyMap<string, Call> = new Map(Object.entries<Call>({
  contains: withField((cache, record, field) => cache.contains(record, field)),
  get: withField((cache, record, field, op) => ('default' in op ? cache.get(record, field, op.default) : cache.get(record, field))),
  set: withField((cache, record, field, op) => cache.set(record, field, op.value)),
  set_dirty: withField((cache, record, field, op) => cache.set(record, field, op.value, { dirty: true })),
  update: withField((cache, records, field, op) => cache.update(records, field, op.values ?? [])),
  update_dirty: withField((cache, records, field, op) => cache.update(records, field, op.values ?? [], { dirty: true })),
  insert_missing: withField((cache, records, field, op) => cache.insertMissing(records, field, op.values ?? [])),
  remove: withField((cache, record, field) => cache.remove(record, field)),
  get_values: withField((cache, records, field) => [...cache.getValues(records, field)]),
  get_until_miss: withField((cache, records, field) => [...cache.getUntilMiss(records, field)]),
  get_missing_ids: withField((cache, records, field) => [...cache.getMissingIds(records, field)]),
  get_records_different_from: withField((cache, records, field, op) => cache.getRecordsDifferentFrom(records, field, op.value).ids),
  get_records: withField((cache, model, field) => cache.getRecords(model, field).ids),
  get_records_all: withField((cache, model, field) => cache.getRecordsAll(model, field).ids),
  get_dirty_records: withField((cache, model, field) => cache.getDirtyRecords(model, field).ids),
  contains_field: withField((cache, _model, field) => cache.containsField(field)),
  clear_dirty_field: withField((cache, _model, field) => cache.clearDirtyField(field)),
  // The recorded order is that of the model's definition, which a cache does not know.
  get_fields: (cache, op, world) => {
    const names = cache.getFields(world.records(op)).map(({ name }) => name);
    return world.fieldOrder(op.model).filter((name) => names.includes(name));
  },
  get_dirty_fields: (cache) => cache.getDirtyFields().map(qualifiedName),
  has_dirty_fields: (cache, op, world) =>
    cache.hasDirtyFields(world.records(op), op.fields?.map((name) => world.field(`${op.model}.${name}`))),
  invalidate: (cache, { spec }, world) => cache.invalidate(spec?.map(([name, ids]) => [world.field(name), ids] as const)),
  clear: (cache) => cache.clear(),
}));

/** Traces of cache operations, each with its result, and the state at the end. */
export const cacheTraces: Format = {
  name: 'ormolu-cache-traces/1',
  *scenarios(data, source) {
    const file = data as TraceFile; // the format's name was checked; a part that is missing fails by itself
    const world = new World(file);
    for (const trace of file.traces) yield traceScenario(`${source}/${trace.seed}`, trace, world);
  },
};

function traceScenario(name: string, trace: Trace, world: World): Scenario {
  return {
    name,
    run(departures) {
      const cache = new Cache();
      for (const [step, op] of trace.ops.entries()) {
        const call = CALLS.get(op.op);
        if (call === undefined) throw new UnknownRecordingError(`step ${step}: there is no operation '${op.op}'`);
        const difference = departures.compare(String(step), recordedOutcome({ ...op }), outcomeOf(() => call(cache, op, world)));
        if (difference !== undefined) return `step ${step} (${op.op} of ${op.model}.${op.field}): ${difference}`;
      }
      return finalDifference(cache, trace, world, departures);
    },
  };
}

function finalDifference(cache: Cache, trace: Trace, world: World, departures: ScenarioDepartures): string | undefined {
  if (trace.final !== null) {
    const difference = departures.compare('final', byContext(trace.final, world), finalState(cache, world));
    if (difference !== undefined) return `final state: ${difference}`;
  }
  if (trace.finalDirty === undefined || trace.finalDirty === null) return undefined;
  const dirty = Object.fromEntries(cache.getDirtyFields().map((field) => [qualifiedName(field), [...cache.dirtyEntries(field)].map(([, id]) => id)]));
  const difference = departures.compare('finalDirty', withoutEmpty(trace.finalDirty), withoutEmpty(dirty));
  return difference === undefined ? undefined : `final dirty values: ${difference}`;
}

/** Field → context key → [id, value] in order; contexts by key, because their order is not agreed on by all versions. */
function finalState(cache: Cache, world: World): Record<string, Record<string, unknown[]>> {
  const state: Record<string, Record<string, unknown[]>> = {};
  for (const [name, field] of world.fields) {
    for (const [key, id, value] of cache.entries(field)) ((state[name] ??= {})[key as string] ??= []).push([id, value]); // contextKey makes strings
  }
  return state;
}

function byContext(final: NonNullable<Trace['final']>, world: World): Record<string, Record<string, unknown>> {
  const state = Object.entries(final).map(([name, values]) => {
    if (world.field(name).dependsContext.length === 0) return [name, { [NO_CONTEXT]: values }] as const;
    const contexts = values as readonly { readonly key: readonly unknown[]; readonly values: readonly unknown[] }[]; // so the format says
    return [name, Object.fromEntries(contexts.map(({ key, values: inner }) => [contextKey(key), inner]))] as const;
  });
  return Object.fromEntries(state);
}

function withoutEmpty(lists: Readonly<Record<string, readonly unknown[]>>): Record<string, readonly unknown[]> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}
