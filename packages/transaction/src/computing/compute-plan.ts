import type { Compute, Field, Registry } from '@ormolu/registry';
import { cycleOf } from './cycles';

/** How a stored field is computed from what is in memory: what it waits for, and the relations that lead there. */
export interface ComputePlan {
  readonly field: Field;
  readonly compute: Compute;
  /** The stored computed fields it reads, in the order in which it names them. */
  readonly causes: readonly { readonly relations: readonly Field[]; readonly plan: ComputePlan }[];
}

const plans = new WeakMap<Registry, Map<Field, ComputePlan | undefined>>();

/**
 * The plan of a field whose records are computed one by one, from values that are stored or written, by relations that are kept; undefined
 * where anything is less plain: values that wait for each other, that differ by context, or that are not stored.
 */
export function planOf(registry: Registry, field: Field): ComputePlan | undefined {
  let known = plans.get(registry);
  if (!known) plans.set(registry, (known = new Map<Field, ComputePlan | undefined>()));
  if (!known.has(field)) known.set(field, makePlan(registry, field));
  return known.get(field);
}

function makePlan(registry: Registry, field: Field): ComputePlan | undefined {
  const { compute } = field;
  if (!compute || !isPlain(field) || cycleOf(registry, field).size > 0) return undefined;
  const causes: ComputePlan['causes'][number][] = [];
  for (const path of registry.dependsOn(field)) {
    const relations = path.slice(0, -1);
    const last = path.at(-1);
    if (!relations.every((step) => isSettled(registry, step))) return undefined;
    if (!last?.compute) continue;
    const plan = planOf(registry, last);
    if (!plan) return undefined;
    causes.push({ relations, plan });
  }
  return { field, compute, causes };
}

/** Whether a relation is kept, and never waits to be computed, nor does the many2one that fills its lists. */
function isSettled(registry: Registry, relation: Field): boolean {
  return relation.isPersistent && !relation.compute && !registry.inversesOf(relation).some((inverse) => inverse.compute);
}

/** Whether the values of a field can be taken one after the other with nothing but its own column changing. */
export function isPlain(field: Field): boolean {
  return field.isStored && field.compute?.isBatch === false && !field.isEditable && !field.inverse && !field.relation && field.dependsContext.length === 0;
}
