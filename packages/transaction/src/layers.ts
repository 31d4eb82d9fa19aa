import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from './environment';
import { ComputeCycleError, type ComputeFailure } from './errors';
import { relatedIds } from './values';

/** Whether a value must be computed before it can be read. */
export function isDue(env: Environment, field: Field, id: Id): boolean {
  const tx = env.transaction;
  if (tx.computes.has(field, id)) return false;
  return field.isStored && isStoredId(id) ? tx.toCompute.has(field, id) : env.peek(field, id) === undefined;
}

/** In which order records can be computed, and which of them cannot. */
export interface Layers {
  /** Causes first; those of one layer do not wait for each other. */
  readonly layers: readonly (readonly Id[])[];
  /** Records that wait for each other, or for such records: their failure. */
  readonly stuck: ComputeFailure | undefined;
}

/**
 * The records a recursive field must be computed for, in layers; one layer for any other field.
 *
 * @remarks Linear in the records and relations followed, without recursion: chains may be as long as memory allows.
 */
export function layersOf(env: Environment, field: Field, ids: readonly Id[]): Layers {
  const ladders = field.isRecursive ? env.registry.dependsOn(field).filter((path) => path.at(-1) === field) : [];
  if (ladders.length === 0) return { layers: [ids], stuck: undefined };
  const causesOf = (id: Id): ReadonlySet<Id> => {
    const reached = ladders.flatMap((path) => path.slice(0, -1).reduce<readonly Id[]>((here, step) => relatedIds(env, step, here), [id]));
    return new Set(reached.filter((cause) => isDue(env, field, cause)));
  };
  const waitingFor = new Map<Id, number>();
  const readers = new Map<Id, Id[]>();
  const work = ids.filter((id) => isDue(env, field, id));
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    if (waitingFor.has(id)) continue;
    const causes = causesOf(id);
    waitingFor.set(id, causes.size);
    for (const cause of causes) {
      const known = readers.get(cause);
      if (known) known.push(id);
      else readers.set(cause, [id]);
      work.push(cause);
    }
  }
  const layers: (readonly Id[])[] = [];
  for (let layer = [...waitingFor.keys()].filter((id) => waitingFor.get(id) === 0); layer.length > 0; layer = freedBy(layer, { readers, waitingFor })) layers.push(layer);
  const waiting = [...waitingFor.keys()].filter((id) => (waitingFor.get(id) ?? 0) > 0);
  if (waiting.length === 0) return { layers, stuck: undefined };
  const isWaiting = new Set(waiting);
  const error = new ComputeCycleError(field.model, field.name, cycleFrom(waiting[0], (id) => [...causesOf(id)].find((cause) => isWaiting.has(cause))));
  return { layers, stuck: { model: field.model, field: field.name, ids: waiting, error } };
}

/** From a record that waits, its cause, the cause of that …: the first to come again closes the cycle. */
function cycleFrom(start: Id | undefined, causeOf: (id: Id) => Id | undefined): readonly Id[] {
  const passed: Id[] = [];
  const places = new Map<Id, number>();
  let here = start;
  while (here !== undefined && !places.has(here)) {
    places.set(here, passed.push(here) - 1);
    here = causeOf(here);
  }
  return passed.slice(here === undefined ? 0 : places.get(here));
}

/** Those whose last cause has now been placed. */
function freedBy(layer: readonly Id[], { readers, waitingFor }: { readers: ReadonlyMap<Id, readonly Id[]>; waitingFor: Map<Id, number> }): Id[] {
  const freed: Id[] = [];
  for (const id of layer) {
    for (const reader of readers.get(id) ?? []) {
      const left = (waitingFor.get(reader) ?? 0) - 1;
      waitingFor.set(reader, left);
      if (left === 0) freed.push(reader);
    }
  }
  return freed;
}
