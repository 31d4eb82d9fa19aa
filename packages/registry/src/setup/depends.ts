import type { Field } from '../field';
import type { Model } from '../model';
import { shortened, type Way } from '../trigger-tree';
import { inversesOf } from '../registry';
import { remedyFor, type Problems } from './problems';

/** What the computed fields of a model read. */
export interface Dependencies {
  /** Computed field → its paths, each as the fields it passes. */
  readonly depends: ReadonlyMap<Field, readonly (readonly Field[])[]>;
  /** The other models that those paths pass. */
  readonly reached: readonly Model[];
  /** Field → the ways from it to computed fields of this model. */
  readonly ways: ReadonlyMap<Field, readonly Way[]>;
  /** Computed field → a relation that it reads through, and that the database does not keep. */
  readonly unkept: ReadonlyMap<Field, Field>;
}

/** Resolves all paths of a model's computes. */
export function resolveDependencies(models: ReadonlyMap<string, Model>, model: Model, problems: Problems): Dependencies {
  const depends = new Map<Field, readonly (readonly Field[])[]>();
  const reached = new Set<Model>();
  for (const field of model.fields.values()) {
    if (!field.compute) continue;
    const paths = field.compute.depends.flatMap((path) => {
      const steps = resolvePath({ models, reached, problems }, field, path);
      return steps && steps.length > 0 ? [steps] : [];
    });
    depends.set(field, paths);
  }
  reached.delete(model);
  return { depends, reached: [...reached], ...waysOf(models, depends) };
}

interface Resolving {
  readonly models: ReadonlyMap<string, Model>;
  readonly reached: Set<Model>;
  readonly problems: Problems;
}

function resolvePath({ models, reached, problems }: Resolving, field: Field, path: string): readonly Field[] | undefined {
  const steps: Field[] = [];
  const where = { model: field.model, field: field.name };
  let here: Model | undefined = models.get(field.model);
  const names = path.split('.');
  for (const [place, name] of names.entries()) {
    // A record's id never changes; which record it is may.
    if (name === 'id' && place === names.length - 1) break;
    const step: Field | undefined = here?.fields.get(name);
    if (!here || !step) {
      const wrong = here ? `${here.name} has no field '${name}'` : `'${names[place - 1] ?? ''}' is no relation to go on from`;
      problems.add(where, `its path '${path}' is broken: ${wrong}.`, here ? remedyFor(name, here.fields.keys(), 'Mend the path, or define the field.') : 'End the path there.');
      return undefined;
    }
    steps.push(step);
    here = step.relation && models.get(step.relation.comodel);
    if (here) reached.add(here);
  }
  return steps;
}

/**
 * The ways from every field on a path back to who reads it.
 *
 * A list changes with the many2one on its other side: who reads the list reads that, too. One goes back through what a related
 * field shows, because that is where the database can look.
 */
function waysOf(models: ReadonlyMap<string, Model>, depends: Dependencies['depends']): Pick<Dependencies, 'ways' | 'unkept'> {
  const ways = new Map<Field, Way[]>();
  const unkept = new Map<Field, Field>();
  const source = { inversesOf: (field: Field) => inversesOf(models, field) };
  const add = (field: Field, keys: readonly Field[], target: Field): void => {
    const way = { keys: shortened(source, [...keys].reverse()), target };
    const known = ways.get(field);
    if (!known) ways.set(field, [way]);
    else if (!known.some((other) => other.target === target && other.keys.length === way.keys.length && other.keys.every((key, place) => key === way.keys[place]))) known.push(way);
  };
  for (const [target, paths] of depends) {
    for (const path of paths) {
      let keys: readonly Field[] = [];
      for (const [place, step] of path.entries()) {
        add(step, keys, target);
        const isLast = place === path.length - 1;
        const inverses = step.relation?.kind === 'one2many' ? source.inversesOf(step) : [];
        // Nobody goes back through where a path ends, save from the other side of a list.
        if (isLast && inverses.length === 0) continue;
        const shown = shownBy(models, step);
        keys = [...keys, ...shown];
        for (const inverse of inverses) add(inverse, keys, target);
        const relation = isLast ? undefined : shown.find((key) => !key.isPersistent);
        if (relation) unkept.set(target, relation);
      }
    }
  }
  return { ways, unkept };
}

/** The fields that a related one leads through, unless it is kept itself. */
function shownBy(models: ReadonlyMap<string, Model>, field: Field): readonly Field[] {
  const steps: Field[] = [];
  const work = [field];
  for (let step = work.pop(); step; step = work.pop()) {
    if (!step.related || step.isPersistent) {
      steps.push(step);
      continue;
    }
    const path: Field[] = [];
    let here = models.get(step.model);
    for (const name of step.related) {
      const next = here?.fields.get(name);
      if (!next) break;
      path.push(next);
      here = next.relation && models.get(next.relation.comodel);
    }
    work.push(...path.reverse());
  }
  return steps;
}
