import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { cycleOf } from './cycles';
import type { Environment } from '../environment/environment';
import { ComputeCycleError, type ComputeFailure } from '../errors';
import { settleForReading } from '../triggers/settle';
import { relatedIds } from '../values';

/** Whether a value must be computed before it can be read. */
export function isDue(env: Environment, field: Field, id: Id): boolean {
  const tx = env.transaction;
  if (tx.computes.has(field, id)) return false;
  return field.isStored && isStoredId(id) ? tx.toCompute.has(field, id) : env.peek(field, id) === undefined;
}

/** Values that do not wait for each other, by field. */
export type Layer = ReadonlyMap<Field, readonly Id[]>;

/** In which order values can be computed, and which of them cannot. */
export interface Layers {
  /** Causes first. */
  readonly layers: readonly Layer[];
  /** Values that wait for each other, or for such values: their failures. */
  readonly stuck: readonly ComputeFailure[];
}

/** A value to be computed, and those who wait for it. */
interface Waiting {
  readonly field: Field;
  readonly id: Id;
  readonly readers: Waiting[];
  /** How many of its causes have yet to be placed. */
  left: number;
}

/**
 * What must be computed for some values of a field whose values wait for each other, in layers; one layer for any other field.
 *
 * @remarks Linear in the values and relations followed, without recursion: chains may be as long as memory allows.
 */
export function layersOf(env: Environment, field: Field, ids: readonly Id[]): Layers {
  const cycle = cycleOf(env.registry, field);
  if (cycle.size === 0) return { layers: [new Map([[field, ids]])], stuck: [] };
  const found = new Map<Field, Map<Id, Waiting>>();
  const work: Waiting[] = [];
  const meet = (of: Field, id: Id): Waiting => {
    let ofField = found.get(of);
    if (!ofField) found.set(of, (ofField = new Map<Id, Waiting>()));
    let value = ofField.get(id);
    if (!value) {
      ofField.set(id, (value = { field: of, id, readers: [], left: 0 }));
      work.push(value);
    }
    return value;
  };
  for (const id of ids) if (isDue(env, field, id)) meet(field, id);
  const free: Waiting[] = [];
  for (let value = work.pop(); value; value = work.pop()) {
    for (const [of, causes] of causesOf(env, cycle, value)) {
      for (const id of causes) {
        meet(of, id).readers.push(value);
        value.left += 1;
      }
    }
    if (value.left === 0) free.push(value);
  }
  const layers: Layer[] = [];
  for (let layer = free; layer.length > 0; layer = freedBy(layer)) layers.push(byField(layer));
  const waiting = [...found.values()].flatMap((ofField) => [...ofField.values()].filter(({ left }) => left > 0));
  return { layers, stuck: waiting.length === 0 ? [] : stuckIn(env, cycle, waiting) };
}

/** The values of the cycle's fields that one of them reads and that are due, each once. */
function causesOf(env: Environment, cycle: ReadonlySet<Field>, { field, id }: Pick<Waiting, 'field' | 'id'>): ReadonlyMap<Field, ReadonlySet<Id>> {
  const causes = new Map<Field, Set<Id>>();
  const isUnsettled = env.transaction.triggers.size > 0;
  for (const path of env.registry.dependsOn(field)) {
    const last = path.findLastIndex((step) => cycle.has(step));
    let here: readonly Id[] = [id];
    for (const step of path.slice(0, last + 1)) {
      if (cycle.has(step)) {
        if (isUnsettled && step.isStored && step !== field) for (const each of here) settleForReading(env, step, each, () => here);
        for (const each of here) if (isDue(env, step, each)) causes.set(step, (causes.get(step) ?? new Set()).add(each));
      }
      if (step.relation) here = relatedIds(env, step, here);
    }
  }
  return causes;
}

/** Those whose last cause has now been placed. */
function freedBy(layer: readonly Waiting[]): Waiting[] {
  const freed: Waiting[] = [];
  for (const { readers } of layer) {
    for (const reader of readers) {
      reader.left -= 1;
      if (reader.left === 0) freed.push(reader);
    }
  }
  return freed;
}

function byField(values: readonly Waiting[]): ReadonlyMap<Field, readonly Id[]> {
  const layer = new Map<Field, Id[]>();
  for (const { field, id } of values) {
    const ids = layer.get(field);
    if (ids) ids.push(id);
    else layer.set(field, [id]);
  }
  return layer;
}

function stuckIn(env: Environment, cycle: ReadonlySet<Field>, waiting: readonly Waiting[]): readonly ComputeFailure[] {
  const isWaiting = new Map<Field, ReadonlySet<Id>>([...byField(waiting)].map(([field, ids]) => [field, new Set(ids)]));
  const [first] = waiting;
  const round = first ? circleFrom(env, { cycle, isWaiting }, first) : [];
  const [start] = round;
  const error = start && new ComputeCycleError(start.field.model, start.field.name, round.filter(({ field }) => field === start.field).map(({ id }) => id));
  return [...isWaiting].map(([field, ids]) => ({ model: field.model, field: field.name, ids: [...ids], error }));
}

type Pair = Pick<Waiting, 'field' | 'id'>;

/** From a value that waits, its cause, the cause of that …: the first to come again closes the circle. */
function circleFrom(env: Environment, { cycle, isWaiting }: { cycle: ReadonlySet<Field>; isWaiting: ReadonlyMap<Field, ReadonlySet<Id>> }, start: Pair): readonly Pair[] {
  const passed: Pair[] = [];
  const places = new Map<Field, Map<Id, number>>();
  let here: Pair | undefined = start;
  while (here) {
    const place = places.get(here.field)?.get(here.id);
    if (place !== undefined) return passed.slice(place);
    places.set(here.field, (places.get(here.field) ?? new Map<Id, number>()).set(here.id, passed.push(here) - 1));
    const causes: readonly Pair[] = [...causesOf(env, cycle, here)].flatMap(([field, ids]) => [...ids].map((id) => ({ field, id })));
    here = causes.find(({ field, id }) => isWaiting.get(field)?.has(id) === true);
  }
  return passed;
}
