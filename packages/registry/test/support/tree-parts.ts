import type { Registry, TriggerTree } from '@ormolu/registry';
import { fieldAt, stepsOf, type Key, type RandomModels } from './random-models';

/** A dependent and the relations to go back through to it, nearest to the change first: `m1.r0 m2.r3 > m2.c1`. */
export type Part = string;

/** All parts of a tree. `choose` says in which order branches are looked at, and whether a node's targets come before its branches. */
export function partsOf(tree: TriggerTree, choose: (count: number) => number = () => 0, behind = ''): ReadonlySet<Part> {
  const parts = new Set<Part>();
  const targets = (): void => {
    for (const target of tree.targets) parts.add(`${behind}> ${target.toString()}`);
  };
  if (choose(2) === 0) targets();
  const branches = [...tree.branches];
  while (branches.length > 0) {
    const [[key, branch] = []] = branches.splice(choose(branches.length), 1);
    if (!key || !branch) break;
    const below = partsOf(branch, choose, `${behind}${key.toString()} `);
    for (const part of below) parts.add(part);
  }
  targets();
  return parts;
}

/** The parts that a field's tree must have, worked out from the definitions alone: every way from cause to dependent, one by one, up to recursive ones. */
export function closureOf(models: RandomModels, start: Key, isDirect = false): ReadonlySet<Part> {
  const ways = waysIn(models);
  const parts = new Set<Part>();
  const seen = new Set<string>();
  const visit = (keys: readonly Key[], target: Key): void => {
    const here = reduced(models, keys);
    parts.add([...here, '>', target].join(' '));
    const state = JSON.stringify([here, target]);
    if (isDirect || fieldAt(models, target).recursive === true || seen.has(state)) return;
    seen.add(state);
    for (const way of ways.get(target) ?? []) visit([...here, ...way.keys], way.target);
  };
  for (const way of ways.get(start) ?? []) visit(way.keys, way.target);
  return parts;
}

/** Field → who reads it, and back through what. */
function waysIn(models: RandomModels): ReadonlyMap<Key, readonly { keys: readonly Key[]; target: Key }[]> {
  const ways = new Map<Key, { keys: readonly Key[]; target: Key }[]>();
  const add = (cause: Key, keys: readonly Key[], target: Key): void => void ways.set(cause, [...(ways.get(cause) ?? []), { keys, target }]);
  for (const [model, fields] of Object.entries(models)) {
    for (const [name, { depends = [] }] of Object.entries(fields)) {
      for (const path of depends) {
        const steps = stepsOf(models, model, path);
        for (const [place, step] of steps.entries()) {
          const { kind, comodel = '', inverse = '' } = fieldAt(models, step);
          add(step, steps.slice(0, place).reverse(), `${model}.${name}`);
          // Who is in a list is said by the many2one of its records.
          if (kind === 'one2many') add(`${comodel}.${inverse}`, steps.slice(0, place + 1).reverse(), `${model}.${name}`);
        }
      }
    }
  }
  return ways;
}

/** Back through a many2one and then through the list that is its other side: that is where one came from. */
function reduced(models: RandomModels, keys: readonly Key[]): readonly Key[] {
  for (const [place, key] of keys.entries()) {
    const { kind, comodel = '', inverse = '' } = fieldAt(models, key);
    if (place > 0 && kind === 'one2many' && keys[place - 1] === `${comodel}.${inverse}`) return reduced(models, [...keys.slice(0, place - 1), ...keys.slice(place + 1)]);
  }
  return keys;
}

/** Every field of a registry. */
export function keysOf(registry: Registry): readonly Key[] {
  return [...registry.models.values()].flatMap((model) => Array.from(model.fields.values(), (field) => field.toString()));
}
