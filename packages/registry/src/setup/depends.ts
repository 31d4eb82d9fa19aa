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
  return { depends, reached: [...reached], ways: waysOf(models, depends) };
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
 * A list changes with the many2one on its other side: who reads the list reads that, too.
 */
function waysOf(models: ReadonlyMap<string, Model>, depends: Dependencies['depends']): ReadonlyMap<Field, readonly Way[]> {
  const ways = new Map<Field, Way[]>();
  const source = { inversesOf: (field: Field) => inversesOf(models, field) };
  const add = (field: Field, keys: readonly Field[], target: Field): void => {
    const way = { keys: shortened(source, keys), target };
    const known = ways.get(field);
    if (!known) ways.set(field, [way]);
    else if (!known.some((other) => other.target === target && other.keys.length === way.keys.length && other.keys.every((key, place) => key === way.keys[place]))) known.push(way);
  };
  for (const [target, paths] of depends) {
    for (const path of paths) {
      for (const [place, step] of path.entries()) {
        add(step, path.slice(0, place).reverse(), target);
        if (step.relation?.kind !== 'one2many' || step.related) continue;
        for (const inverse of source.inversesOf(step)) add(inverse, path.slice(0, place + 1).reverse(), target);
      }
    }
  }
  return ways;
}
