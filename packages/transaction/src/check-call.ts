import { MisuseError, nearestName, typeName, type Id } from '@ormolu/kernel';
import { isIdOf, type Model } from '@ormolu/registry';

// The compiler finds most of what is refused here, and not every program is compiled. Without these, a text would be taken for the list
// of its letters, and a Map for an object without fields.

/** @throws {MisuseError} TX_ARGUMENT unless it is a list of texts */
export function assertNames(call: string, given: unknown): void {
  if (!Array.isArray(given)) throw argument(call, given, "a list of names: ['name']");
  const wrong = given.findIndex((name) => typeof name !== 'string');
  if (wrong >= 0) throw argument(call, given[wrong], "names, each a text: ['name']");
}

/** @throws {MisuseError} TX_ARGUMENT unless it is a function */
export function assertFunction(call: string, given: unknown): void {
  if (typeof given !== 'function') throw argument(call, given, 'a function');
}

/** @throws {MisuseError} TX_ARGUMENT unless it is an object of named values */
export function assertValues(call: string, given: unknown, expects: string = "an object of values by field: { name: 'Ghent' }"): void {
  if (Object.prototype.toString.call(given) !== '[object Object]') throw argument(call, given, expects);
}

/** @throws {MisuseError} TX_ARGUMENT unless it is an object of options that somebody reads */
export function assertOptions(call: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw argument(call, given, `an object of options: { ${known.join(', ')} }`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    throw new MisuseError('TX_ARGUMENT', `${call}() has no option '${name}'. ${nearest ? `Did you mean '${nearest}'?` : `Options: ${known.join(', ')}.`}`, { details: { option: name } });
  }
}

/** @throws {MisuseError} TX_ARGUMENT unless each can be the id of a record of the model */
export function assertIds(model: Model, given: readonly unknown[], call = 'browse'): void {
  const wrong = given.findIndex((id) => !isIdOf(model.idType, id));
  if (wrong >= 0) throw argument(call, given[wrong], `an id of ${model.name}, or a list of them; ${IDS[model.idType]}`);
}

/** The id of a record; an id stands for itself. @throws {MisuseError} TX_ARGUMENT for an object that is no record */
export function idOfOne(call: string, given: unknown, expects: string): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (!('ensureOne' in given) || typeof given.ensureOne !== 'function') throw argument(call, given, expects);
  return (given as { ensureOne(): { readonly id: Id } }).ensureOne().id; // only record sets have it
}

/** What a function gave that must not wait, for each record. @throws {MisuseError} TX_ARGUMENT for a promise, and undefined where it says nothing */
export function settled<T>(call: string, value: T, { mayBeUndefined }: { readonly mayBeUndefined: boolean }): T {
  if (value instanceof Promise) {
    // Nobody will await it; its own failure must not end the process.
    value.catch(() => undefined);
    throw new MisuseError('TX_ARGUMENT', `The function given to ${call}() returned a promise, which says nothing yet. Give plain code; load what it reads before.`);
  }
  if (value === undefined && !mayBeUndefined) throw new MisuseError('TX_ARGUMENT', `The function given to ${call}() returned undefined. Is the name of the field right? Return null where there is nothing.`);
  return value;
}

/** An argument of another type than a call takes. */
export function argument(call: string, given: unknown, expects: string): MisuseError {
  return new MisuseError('TX_ARGUMENT', `${call}() was given ${typeName(given)}. Give ${expects}.`, { details: { call, given } });
}

const IDS: Readonly<Record<Model['idType'], string>> = {
  integer: 'they are whole numbers of 4 bytes', bigint: 'they are bigints', uuid: 'they are uuids in lower case', text: 'they are texts',
};
