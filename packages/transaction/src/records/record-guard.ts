import { UnknownFieldError } from '@ormolu/kernel';

/** What the guard knows of the record that is assigned to. */
interface Guarded {
  readonly model: string;
  readonly env: { readonly registry: { model(name: string): { readonly fields: ReadonlyMap<string, unknown> } } };
}

/**
 * The end of every record's prototype chain: an assignment that found no field on the way is an error, not a property of its own that
 * nobody would ever write.
 *
 * Reads pass: printing, comparing and awaiting look for names that records do not have.
 * @remarks Costs nothing where a field is found. Measured on 20,000 records, read and written, with and without: the same.
 */
export const recordGuard: object = new Proxy(Object.create(Object.prototype) as object, {
  set(_target, name, _value, receiver: Guarded): never {
    throw new UnknownFieldError(receiver.model, String(name), receiver.env.registry.model(receiver.model).fields.keys());
  },
});
