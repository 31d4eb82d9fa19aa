import type { Id } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { assign } from './assign';
import type { Environment } from './environment';
import type { PrefetchGroup } from './prefetch';
import { readField } from './read';
import { DEFINITION, RecordSet } from './recordset';

/** Makes records of one model. */
export type RecordClass = new (env: Environment, ids: readonly Id[], group: PrefetchGroup) => RecordSet;

const classes = new WeakMap<Model, RecordClass>();

/**
 * The class of a model's records: made once for all registry versions that share the model, with an accessor per field on its prototype, because a getter
 * there reads as fast as a plain property and a `Proxy` does not.
 */
export function recordClassOf(model: Model): RecordClass {
  let made = classes.get(model);
  if (!made) classes.set(model, (made = makeClass(model)));
  return made;
}

function makeClass(model: Model): RecordClass {
  const made = class extends RecordSet {};
  Object.defineProperty(made.prototype, DEFINITION, { value: model });
  for (const field of model.fields.values()) Object.defineProperty(made.prototype, field.name, accessorOf(field));
  for (const [name, method] of model.methods) {
    Object.defineProperty(made.prototype, name, {
      value(this: RecordSet, ...args: readonly unknown[]): unknown {
        return method(this, ...args);
      },
    });
  }
  return made;
}

function accessorOf(field: Field): PropertyDescriptor {
  return {
    get(this: RecordSet): unknown {
      return readField(this, field);
    },
    set(this: RecordSet, value: unknown): void {
      assign(this, field, value);
    },
    enumerable: true,
    configurable: true,
  };
}
