import { nearestName } from '@ormolu/kernel';
import type { SetupProblem } from '../errors';

/** Collects what is wrong with some models, so that all of it can be told at once. */
export class Problems {
  readonly found: SetupProblem[] = [];

  add(where: { readonly model: string; readonly field?: string | undefined }, problem: string, remedy: string): void {
    this.found.push({ model: where.model, ...(where.field === undefined ? {} : { field: where.field }), problem, remedy });
  }
}

/** What to do about a name that nobody knows. */
export function remedyFor(name: string, known: Iterable<string>, otherwise: string): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? otherwise : `Did you mean '${nearest}'?`;
}
