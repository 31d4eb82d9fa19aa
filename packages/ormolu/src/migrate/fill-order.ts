import type { AddedField } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';

/** Fields that can be filled in one go. */
export interface FillStep {
  readonly kind: 'default' | 'compute' | 'recursive';
  /** Model → its fields; one model, but for computes that depend on each other across models. */
  readonly fields: ReadonlyMap<string, readonly Field[]>;
}

/**
 * The steps in which new columns get their values: defaults first, then computes, each after those it reads.
 *
 * Computes that read themselves in other records, or each other, make a step of their own. Fields that have neither compute nor
 * default stay empty.
 */
export function fillOrder(registry: Registry, added: readonly AddedField[]): readonly FillStep[] {
  const fields = added.flatMap(({ model, field }) => registry.models.get(model)?.fields.get(field) ?? []);
  const defaults = fields.filter((field) => !field.compute && field.default !== undefined && field.default !== null);
  const steps: FillStep[] = byModel(defaults).map((group) => ({ kind: 'default', fields: group }));
  let left = fields.filter((field) => field.compute && !field.keyedColumn);
  const causes = new Map(left.map((field) => [field, causesOf(registry, field)]));
  while (left.length > 0) {
    // Waits for those it reads, unless they read it too.
    const isReady = (field: Field): boolean => left.every((other) => !causes.get(field)?.has(other) || causes.get(other)?.has(field) === true);
    const ready = left.filter(isReady);
    left = left.filter((field) => !ready.includes(field));
    const isRecursive = (field: Field): boolean => causes.get(field)?.has(field) === true;
    for (const group of byModel(ready.filter((field) => !isRecursive(field)))) steps.push({ kind: 'compute', fields: group });
    const recursive = new Map(byModel(ready.filter(isRecursive)).flatMap((group) => [...group]));
    if (recursive.size > 0) steps.push({ kind: 'recursive', fields: recursive });
  }
  return steps;
}

/** Every field that a compute reads, directly or through other computes. */
function causesOf(registry: Registry, field: Field): ReadonlySet<Field> {
  const causes = new Set<Field>();
  const open = [field];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const cause of next.compute ? registry.dependsOn(next).flat() : []) {
      if (causes.has(cause)) continue;
      causes.add(cause);
      open.push(cause);
    }
  }
  return causes;
}

function byModel(fields: readonly Field[]): readonly ReadonlyMap<string, readonly Field[]>[] {
  const models = [...new Set(fields.map(({ model }) => model))];
  return models.map((model) => new Map([[model, fields.filter((field) => field.model === model)]]));
}
