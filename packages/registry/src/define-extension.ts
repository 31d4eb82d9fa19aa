import { typeName } from '@ormolu/kernel';
import { ModelSetupError } from './errors';
import type { Extension } from './extension';
import { Models, type ModuleOptions } from './models';

/**
 * A module's additions to models, as a value that is independent of other modules' additions.
 *
 * @param name - of the module: its functions are known by it in other processes
 * @param base - the models it builds on; extensions joined to these come before it
 * @param build - gets the base; gives it with the additions
 * @throws {ModelSetupError} REGISTRY_SETUP_FAILED when `build` gives no models
 * @example
 * export const mayors = extension('mayors', models, (m) => m.extend({ 'res.city': { mayor: char() } }));
 * const all = models.with(mayors, taxes);
 */
export function extension<D, A>(name: string, base: Models<D>, build: (models: Models<D, unknown>) => Models<D & A, A>, { version = '0' }: Pick<ModuleOptions, 'version'> = {}): Extension<A> {
  const own = new Models<D, unknown>({ ...base.state, module: name, said: [] });
  const built: unknown = build(own);
  if (!(built instanceof Models)) throw new ModelSetupError([{ model: `extension ${name}`, problem: `its function gave ${typeName(built)}, and no models.`, remedy: 'Let it return the models it is given, with the additions.' }]);
  const { said, definition } = built.state;
  return Object.freeze({ name, version, requires: Object.keys(definition.modules), said });
}
