import type { Extension } from './extension';
import { Models, type ModuleOptions } from './models';

/**
 * A module's additions to models, as a value that is independent of other modules' additions.
 *
 * @param name - of the module: its functions are known by it in other processes
 * @param base - the models it builds on; extensions joined to these come before it
 * @param build - gets the base; gives it with the additions
 * @example
 * export const mayors = extension('mayors', models, (m) => m.extend({ 'res.city': { mayor: char() } }));
 * const all = models.with(mayors, taxes);
 */
export function extension<D, A>(name: string, base: Models<D>, build: (models: Models<D, unknown>) => Models<D & A, A>, { version = '0' }: Pick<ModuleOptions, 'version'> = {}): Extension<A> {
  const own = new Models<D, unknown>({ ...base.state, module: name, said: [] });
  const { said, definition } = build(own).state;
  return Object.freeze({ name, version, requires: Object.keys(definition.modules), said });
}
