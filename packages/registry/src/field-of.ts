import { UnknownFieldError } from '@ormolu/kernel';
import { HiddenFieldError } from './errors';
import type { Field } from './field';
import type { Model } from './model';

/**
 * A model's field by its name.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN with the nearest name
 * @throws {HiddenFieldError} TX_ACCESS for a field that this program may not see
 */
export function fieldOf({ name: model, fields, hidden }: Pick<Model, 'name' | 'fields' | 'hidden'>, name: string): Field {
  const field = fields.get(name);
  if (field) return field;
  if (hidden.has(name)) throw new HiddenFieldError(model, name);
  throw new UnknownFieldError(model, name, fields.keys());
}
