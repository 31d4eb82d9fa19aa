import { char, defineModels, extension, float, integer, many2one, one2many, text, type FieldDefinition, type Registry } from '@ormolu/registry';

/** Models as plain definitions, before anything is made of them. */
export type World = Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>;

/** As many models as asked for, in a ring and around a hub, with thirty fields each: twenty-four values, five relations, one computed. */
export function worldOf(count: number): World {
  const kinds: readonly (() => FieldDefinition)[] = [() => char(), () => integer(), () => float(), () => text()];
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${String(at)}`, {
    ...Object.fromEntries(Array.from({ length: 24 }, (__, place) => [`f${String(place)}`, kinds[place % kinds.length]?.() ?? char()])),
    hub: many2one('m0'), next: many2one(`m${String((at + 1) % count)}`), other: many2one(`m${String((at + 7) % count)}`),
    before: one2many(`m${String((at + count - 1) % count)}`, 'next'), others: one2many(`m${String((at + count - 7 + count) % count)}`, 'other'),
    label: char({ store: true }),
  }]));
}

/** The paths each model's computed field reads. */
export const DEPENDS = ['f0', 'hub.f0', 'next.next.f4', 'before.f1'] as const;

/** What a program says of a world, as one that gets it from elsewhere: the compiler knows nothing of it. */
export interface Loose {
  compute(model: string, field: string, depends: readonly string[], run: () => null): Loose;
  extend(models: World): Loose;
  with(...extensions: readonly object[]): Loose;
  registry(): Registry;
}

/** Gives the models of a world, each time anew: no setup finds anything that one before it kept. */
export function definer(world: World): () => Loose {
  // The names are made by a loop: there is nothing for the compiler to check.
  const fields = (): Loose => defineModels(world);
  const extensionOf = extension as unknown as (name: string, base: Loose, build: (models: Loose) => Loose) => object;
  // Joined in one step: said one by one, each compute looks at all models, and a round would take minutes to prepare.
  const labels = extensionOf('labels', fields(), (models) => Object.keys(world).reduce((all, model) => all.compute(model, 'label', DEPENDS, () => null), models));
  return () => fields().with(labels);
}

/** The bare loop: an object for every field, in a map for every model, in one for all. */
export function bare(world: World): ReadonlyMap<string, ReadonlyMap<string, object>> {
  const all = new Map<string, ReadonlyMap<string, object>>();
  for (const [model, fields] of Object.entries(world)) {
    const made = new Map<string, object>();
    for (const [name, { kind, comodel, options }] of Object.entries(fields)) made.set(name, { model, name, kind, comodel, options, isStored: options.store ?? true, isRequired: options.required ?? false });
    all.set(model, made);
  }
  return all;
}
