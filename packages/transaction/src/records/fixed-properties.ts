import { MisuseError } from '@ormolu/kernel';

/** What nobody can assign, and what to do instead. */
const REMEDIES = {
  id: 'The database gives ids: browse another record by its id, or create one',
  model: 'Records of another model come from env.model(name)',
  length: 'A set does not change: make another with browse, filtered, union or subtract',
};

/**
 * Has whoever assigns what no record can be assigned be told so. The compiler knows it; a program without one would be told nothing in sloppy code.
 *
 * @param prototype - where the properties are declared
 */
export function refuseAssigning(prototype: { readonly model: string; toString(): string }): void {
  for (const [name, remedy] of Object.entries(REMEDIES)) {
    Object.defineProperty(prototype, name, {
      ...Object.getOwnPropertyDescriptor(prototype, name),
      set(this: typeof prototype) {
        throw new MisuseError('TX_ARGUMENT', `${this.toString()}.${name} cannot be assigned. ${remedy}.`, { details: { model: this.model, property: name } });
      },
    });
  }
}
