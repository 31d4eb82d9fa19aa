import { nearestName } from '@ormolu/kernel';
import type { SetupProblem } from './errors';
import type { Field } from './field';
import type { Model } from './model';

/**
 * Resolves the paths of a compute: each to the fields it passes, from the field's own model on.
 *
 * @param problems - gets what is wrong, with the nearest name
 */
export function resolveDepends(models: ReadonlyMap<string, Model>, field: Field, problems: SetupProblem[]): readonly (readonly Field[])[] {
  return (field.compute?.depends ?? []).flatMap((path) => {
    const steps: Field[] = [];
    let here: Model | undefined = models.get(field.model);
    const names = path.split('.');
    for (const [place, name] of names.entries()) {
      const step = here?.fields.get(name);
      if (!here || !step) {
        const where = here ? `${here.name} has no field '${name}'` : `'${names[place - 1] ?? ''}' leads nowhere`;
        const nearest = here ? nearestName(name, here.fields.keys()) : undefined;
        problems.push({
          model: field.model, field: field.name, problem: `its depends path '${path}' is broken: ${where}.`,
          remedy: nearest ? `Did you mean '${nearest}'?` : 'Mend the path, or define the field.',
        });
        return [];
      }
      steps.push(step);
      here = step.relation ? models.get(step.relation.comodel) : undefined;
    }
    return [steps];
  });
}
