import { char, many2many, many2one, one2many, type FieldDefinition } from '@ormolu/registry';
import * as fc from 'fast-check';
import { looseModels, type LooseModels } from './loose';

/** A field of random models, as plain data: what a test works out what must hold from. */
export interface RandomField {
  readonly kind: 'char' | 'many2one' | 'one2many' | 'many2many';
  readonly comodel?: string;
  readonly inverse?: string;
  /** Of a computed one. */
  readonly depends?: readonly string[];
  readonly recursive?: boolean;
}

/** Model → field → what it is. */
export type RandomModels = Readonly<Record<string, Readonly<Record<string, RandomField>>>>;

/** A field in its model, `m0.name`. */
export type Key = string;

/** The fields that a path passes, and the model each is of. An `id` at its end is no field. */
export function stepsOf(models: RandomModels, model: string, path: string): readonly Key[] {
  const steps: Key[] = [];
  let here = model;
  for (const name of path.split('.')) {
    if (name === 'id') break;
    steps.push(`${here}.${name}`);
    here = models[here]?.[name]?.comodel ?? here;
  }
  return steps;
}

/** The field of a key. */
export function fieldAt(models: RandomModels, key: Key): RandomField {
  const [model = '', field = ''] = key.split('.');
  return models[model]?.[field] ?? { kind: 'char' };
}

/** All fields that are computed, and all that each of them reads. */
export function causesOf(models: RandomModels): ReadonlyMap<Key, ReadonlySet<Key>> {
  return new Map(Object.entries(models).flatMap(([model, fields]) => Object.entries(fields).flatMap(([name, { depends }]) => (
    depends ? [[`${model}.${name}`, new Set(depends.flatMap((path) => stepsOf(models, model, path)))] as const] : []))));
}

/** The computed fields that can be reached from themselves without passing one that is recursive. */
export function unsoundFields(models: RandomModels): readonly Key[] {
  const causes = causesOf(models);
  const isClosed = (key: Key): boolean => fieldAt(models, key).recursive === true;
  return [...causes.keys()].filter((start) => {
    const reached = new Set<Key>();
    const work = isClosed(start) ? [] : [start];
    for (let key = work.pop(); key !== undefined; key = work.pop()) {
      for (const cause of causes.get(key) ?? []) {
        if (isClosed(cause) || reached.has(cause)) continue;
        reached.add(cause);
        work.push(cause);
      }
    }
    return reached.has(start);
  });
}

/** The same models, where every cycle passes a recursive field: the fewest are made so that do, in order. */
export function sound(models: RandomModels): RandomModels {
  let now = models;
  for (let [first] = unsoundFields(now); first !== undefined; [first] = unsoundFields(now)) {
    const [model = '', name = ''] = first.split('.');
    now = { ...now, [model]: { ...now[model], [name]: { ...fieldAt(now, first), recursive: true } } };
  }
  return now;
}

const relations = (count: number): fc.Arbitrary<readonly { kind: 'many2one' | 'many2many'; from: number; to: number; hasList: boolean }[]> => fc.array(
  fc.record({ kind: fc.constantFrom('many2one', 'many2one', 'many2many'), from: fc.nat(count - 1), to: fc.nat(count - 1), hasList: fc.boolean() }), { minLength: 1, maxLength: 2 * count },
);

/** Random models with relations of every kind, in circles too, and computed fields over paths of up to four hops; cycles may be unsound. */
export const anyModels: fc.Arbitrary<RandomModels> = fc.integer({ min: 1, max: 4 }).chain((count) => fc.tuple(
  fc.constant(count), relations(count), fc.array(fc.record({ model: fc.nat(count - 1), recursive: fc.boolean(), walks: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }) }), { minLength: 1, maxLength: 8 }),
)).map(([count, links, computes]) => {
  const models: Record<string, Record<string, RandomField>> = {};
  for (let at = 0; at < count; at += 1) models[`m${String(at)}`] = { name: { kind: 'char' } };
  for (const [place, { kind, from, to, hasList }] of links.entries()) {
    Object.assign(models[`m${String(from)}`] ?? {}, { [`r${String(place)}`]: { kind, comodel: `m${String(to)}` } });
    if (kind === 'many2one' && hasList) Object.assign(models[`m${String(to)}`] ?? {}, { [`l${String(place)}`]: { kind: 'one2many', comodel: `m${String(from)}`, inverse: `r${String(place)}` } });
  }
  for (const [place, { model }] of computes.entries()) Object.assign(models[`m${String(model)}`] ?? {}, { [`c${String(place)}`]: { kind: 'char', depends: [] } });
  for (const [place, { model, recursive, walks }] of computes.entries()) {
    const depends = [...new Set(walks.map((walk) => pathOf(models, `m${String(model)}`, walk)))];
    Object.assign(models[`m${String(model)}`] ?? {}, { [`c${String(place)}`]: { kind: 'char', depends, recursive } });
  }
  return models;
});

/** A path: every number chooses a field, up to the first that is no relation. */
function pathOf(models: RandomModels, model: string, walk: readonly number[]): string {
  const names: string[] = [];
  let here = model;
  for (const choice of walk) {
    const fields = Object.entries(models[here] ?? {});
    const [name = 'name', field] = fields[choice % fields.length] ?? [];
    names.push(name);
    if (field?.comodel === undefined) return names.join('.');
    here = field.comodel;
  }
  // Some paths that end in a relation name its id, which says the same.
  return (walk[0] ?? 0) % 3 === 0 ? `${names.join('.')}.id` : names.join('.');
}

/** Those of them whose cycles are sound. */
export const soundModels: fc.Arbitrary<RandomModels> = anyModels.map(sound);

/** Random models as a program defines them. */
export function defined(models: RandomModels): LooseModels {
  const fields = Object.fromEntries(Object.entries(models).map(([model, all]) => [model, Object.fromEntries(Object.entries(all).map(([name, field]) => [name, definitionOf(name, field)]))]));
  let now = looseModels(fields);
  for (const [model, all] of Object.entries(models)) {
    for (const [name, { depends }] of Object.entries(all)) if (depends) now = now.compute(model, name, depends, () => null);
  }
  return now;
}

function definitionOf(name: string, { kind, comodel = '', inverse = '', depends, recursive }: RandomField): FieldDefinition {
  switch (kind) {
    case 'char':
      return depends ? char({ store: true, recursive }) : char();
    case 'many2one':
      return many2one(comodel);
    case 'one2many':
      return one2many(comodel, inverse);
    case 'many2many':
      return many2many(comodel, { table: `pairs_${name}` });
  }
}
