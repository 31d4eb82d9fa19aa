import type { Field, Registry } from '@ormolu/registry';

const orders = new WeakMap<Registry, ReadonlyMap<Field, number>>();

/**
 * The order in which computed fields are worked off: causes before those who read them, so that each is computed in one batch.
 *
 * Fields that depend on each other through records (recursive ones) take any place among themselves.
 */
export function computeOrder(registry: Registry): ReadonlyMap<Field, number> {
  const known = orders.get(registry);
  if (known) return known;
  const order = new Map<Field, number>();
  const entered = new Set<Field>();
  for (const model of registry.models.values()) for (const field of model.fields.values()) visit(registry, field, { order, entered });
  orders.set(registry, order);
  return order;
}

function visit(registry: Registry, start: Field, { order, entered }: { order: Map<Field, number>; entered: Set<Field> }): void {
  if (entered.has(start)) return;
  entered.add(start);
  const work: { field: Field; causes: Iterator<Field> }[] = [{ field: start, causes: causesOf(registry, start) }];
  for (let top = work.at(-1); top; top = work.at(-1)) {
    const next = top.causes.next();
    if (next.done === true) {
      order.set(top.field, order.size);
      work.pop();
    } else if (!entered.has(next.value)) {
      entered.add(next.value);
      work.push({ field: next.value, causes: causesOf(registry, next.value) });
    }
  }
}

/** A list shows the other side of a many2one, which may be computed itself. */
function causesOf(registry: Registry, field: Field): Iterator<Field> {
  const causes = field.compute ? registry.dependsOn(field).flat() : [];
  return causes.flatMap((cause) => (cause.relation?.kind === 'one2many' ? [...registry.inversesOf(cause), cause] : [cause]))[Symbol.iterator]();
}
