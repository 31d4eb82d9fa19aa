import type { Field, Registry } from '@ormolu/registry';

const cycles = new WeakMap<Registry, ReadonlyMap<Field, ReadonlySet<Field>>>();

const NONE: ReadonlySet<Field> = new Set();

/**
 * The computed fields that read a field and are read by it, through whichever records and other fields, itself included; none when its
 * values never wait for each other.
 */
export function cycleOf(registry: Registry, field: Field): ReadonlySet<Field> {
  let known = cycles.get(registry);
  if (!known) cycles.set(registry, (known = findCycles(registry)));
  return known.get(field) ?? NONE;
}

/** A field on the way down, and the causes it has yet to look at. */
interface Visit {
  readonly field: Field;
  readonly causes: readonly Field[];
  next: number;
  /** The number of the first field met that it leads back to. */
  low: number;
}

/** @see Tarjan, "Depth-first search and linear graph algorithms" (1972): strongly connected components; without recursion, because chains of fields are long */
function findCycles(registry: Registry): ReadonlyMap<Field, ReadonlySet<Field>> {
  const found = new Map<Field, ReadonlySet<Field>>();
  const numbers = new Map<Field, number>();
  const open: Field[] = [];
  const isOpen = new Set<Field>();
  const enter = (field: Field): Visit => {
    const number = numbers.size;
    numbers.set(field, number);
    open.push(field);
    isOpen.add(field);
    const causes = [...new Set(registry.dependsOn(field).flat())].filter((cause) => cause.compute);
    return { field, causes, next: 0, low: number };
  };
  for (const model of registry.models.values()) for (const start of model.fields.values()) {
    if (!start.compute || numbers.has(start)) continue;
    const path = [enter(start)];
    for (let here = path.at(-1); here; here = path.at(-1)) {
      const cause = here.causes[here.next];
      here.next += 1;
      if (cause) {
        if (!numbers.has(cause)) path.push(enter(cause));
        else if (isOpen.has(cause)) here.low = Math.min(here.low, numbers.get(cause) ?? here.low);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above) above.low = Math.min(above.low, here.low);
      if (here.low !== numbers.get(here.field)) continue;
      const component = new Set(open.splice(open.lastIndexOf(here.field)));
      for (const field of component) isOpen.delete(field);
      if (component.size > 1 || here.causes.includes(here.field)) for (const field of component) found.set(field, component);
    }
  }
  return found;
}
