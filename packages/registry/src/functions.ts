import type { FunctionName } from './field-definition';

/** Any function of a definition. Its parameters were checked where it was defined. */
export type DefinedFunction = (...args: never[]) => unknown;

/** Functions by module and name. */
export type FunctionTable = ReadonlyMap<string, ReadonlyMap<string, DefinedFunction>>;

/**
 * The functions of some definitions, in the order they came.
 *
 * Immutable: adding gives a longer chain that shares all before, whatever becomes of other chains from the same place.
 */
export class Functions {
  static readonly NONE: Functions = new Functions();
  readonly #before: Functions | undefined;
  readonly #added: readonly (readonly [FunctionName, DefinedFunction])[];

  constructor(before?: Functions, added: readonly (readonly [FunctionName, DefinedFunction])[] = []) {
    this.#before = before;
    this.#added = added;
  }

  with(added: readonly (readonly [FunctionName, DefinedFunction])[]): Functions {
    return added.length === 0 ? this : new Functions(this, added);
  }

  /** All of them by name. @remarks Linear in their number. */
  table(): FunctionTable {
    const table = new Map<string, Map<string, DefinedFunction>>();
    // Eslint's rule means aliases that stand for a scope; this walks a list.
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    for (let here: Functions | undefined = this; here; here = here.#before) {
      for (const [{ $module, $function }, run] of here.#added) {
        let ofModule = table.get($module);
        if (!ofModule) table.set($module, (ofModule = new Map<string, DefinedFunction>()));
        if (!ofModule.has($function)) ofModule.set($function, run);
      }
    }
    return table;
  }
}
