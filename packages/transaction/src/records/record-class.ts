import { MISS } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { assign } from '../writing/assign';
import type { Environment } from '../environment/environment';
import type { PrefetchGroup } from '../reading/prefetch';
import { readField, referenced } from '../reading/read';
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
  // What an error calls a record that was given for something else.
  Object.defineProperty(made, 'name', { value: `RecordSet of ${model.name}` });
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
    get: getterOf(field),
    set(this: RecordSet, value: unknown): void {
      assign(this, field, value);
    },
    enumerable: true,
    configurable: true,
  };
}

/**
 * Reads a field as `readField` does: a value that is in memory and that nothing pending concerns, by the record's slot.
 *
 * @remarks The ways of reading have a getter each, because one for all would cost each what all the others take.
 */
function getterOf(field: Field): (this: RecordSet) => unknown {
  const { index, compute, relation } = field;
  if (relation?.kind === 'many2one' && !compute) {
    return function reference(this: RecordSet): unknown {
      const value = RecordSet.valueAt(this, index);
      if (value === MISS) return readField(this, field);
      this.env.transaction.reads += 1;
      return referenced(this, field, value);
    };
  }
  if (!field.isGivenAsKept && !relation) {
    return function converted(this: RecordSet): unknown {
      return readField(this, field);
    };
  }
  if (!compute && !relation) {
    return function plain(this: RecordSet): unknown {
      const value = RecordSet.valueAt(this, index);
      if (value === MISS) return readField(this, field);
      this.env.transaction.reads += 1;
      return value;
    };
  }
  return function followed(this: RecordSet): unknown {
    const value = RecordSet.valueAt(this, index);
    const tx = this.env.transaction;
    if (value === MISS || tx.triggers.size > 0 || tx.toCompute.hasRelations || (compute && tx.toCompute.isMarked(field))) return readField(this, field);
    tx.reads += 1;
    return relation ? referenced(this, field, value) : value;
  };
}
