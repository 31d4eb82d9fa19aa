import type { Schema } from '@ormolu/kernel';

/**
 * The referring columns, as `model.field`, that lie on a circle of references, a model referring to itself included.
 *
 * Only their foreign keys need to be deferrable: for all others there is an order in which rows can be inserted.
 */
export function cyclicReferences(schema: Schema): ReadonlySet<string> {
  const targets = new Map(schema.tables.map(({ model, columns }) => [model, columns.flatMap(({ references }) => references?.model ?? [])]));
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set<string>();
    const open = [from];
    for (let model = open.pop(); model !== undefined; model = open.pop()) {
      if (model === to) return true;
      if (seen.has(model)) continue;
      seen.add(model);
      open.push(...(targets.get(model) ?? []));
    }
    return false;
  };
  const cyclic = new Set<string>();
  for (const { model, columns } of schema.tables) {
    for (const { field, references } of columns) {
      if (references && reaches(references.model, model)) cyclic.add(`${model}.${field}`);
    }
  }
  return cyclic;
}
