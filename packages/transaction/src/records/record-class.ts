import { MISS } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { HiddenFieldError, type Field, type Model } from '@ormolu/registry';
import { assign } from '../writing/assign';
import { readField } from '../reading/read';
import { classThatKeeps, type RecordClass } from './keeping-class';
import { membersOf } from './members';
import { DEFINITION, type RecordSet } from './recordset';
import type { Transaction } from '../transaction';

/** So many values of a group's records are found in the cache, at least, before its records begin to keep theirs. */
const FEWEST_FOUND = 64;

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
  const made = classThatKeeps([...model.fields.values()].filter(isKept).length);
  // What an error calls a record that was given for something else.
  Object.defineProperty(made, 'name', { value: `RecordSet of ${model.name}` });
  Object.defineProperty(made.prototype, DEFINITION, { value: model });
  for (const field of model.fields.values()) Object.defineProperty(made.prototype, field.name, accessorOf(made, field));
  for (const name of model.hidden) {
    const refuse = (): never => {
      throw new HiddenFieldError(model.name, name);
    };
    Object.defineProperty(made.prototype, name, { get: refuse, set: refuse, configurable: true });
  }
  for (const [name, method] of model.methods) {
    Object.defineProperty(made.prototype, name, {
      value(this: RecordSet, ...args: readonly unknown[]): unknown {
        const { transaction } = this.env;
        const now = transaction.hasReset ? transaction.registry.model(model.name).methods.get(name) : method;
        return (now ?? method)(this, ...args);
      },
    });
  }
  return made;
}

/** Whether records may keep values of a field: stored ones and many2ones that nothing computes. */
function isKept({ compute, relation, isGivenAsKept, isServed }: Field): boolean {
  return !compute && !isServed && (relation ? relation.kind === 'many2one' : isGivenAsKept);
}

function accessorOf(made: RecordClass, field: Field): PropertyDescriptor {
  return {
    get: getterOf(made, field),
    set(this: RecordSet, value: unknown): void {
      assign(this, fieldOfNow(this.env.transaction, field), value);
    },
    enumerable: true,
    configurable: true,
  };
}

/** What a field is in the version of the models that a transaction works with: records taken before a reset were made from another. */
function fieldOfNow({ hasReset, registry }: Transaction, field: Field): Field {
  return hasReset ? registry.field(field.model, field.name) : field;
}

/**
 * Reads a field as `readField` does: a value that is in memory and that nothing pending concerns, without the rest of it.
 */
function getterOf(made: RecordClass, field: Field): (this: RecordSet) => unknown {
  if ((!field.isGivenAsKept && !field.relation) || field.isServed) {
    return function converted(this: RecordSet): unknown {
      return readField(this, fieldOfNow(this.env.transaction, field));
    };
  }
  const read = found(made, field);
  return function plain(this: RecordSet): unknown {
    return read(this);
  };
}

/**
 * Finds values of a field in the cache, and has records keep those that are read again and again.
 *
 * @remarks One long function on purpose: V8 compiles what it calls into the loops that read, up to a length, and would leave no room there
 * for what makes them fast.
 */
function found(made: RecordClass, field: Field): (record: RecordSet) => unknown {
  const { compute, relation } = field;
  const isFollowed = compute !== undefined || (relation !== undefined && relation.kind !== 'many2one');
  let place: number | undefined;
  return function read(record: RecordSet): unknown {
    const id = membersOf(record);
    // Sets have no values, and drafts may stand for a record any time.
    if (typeof id === 'object') return readField(record, fieldOfNow(record.env.transaction, field));
    const group = record.prefetchGroup;
    const { env } = group;
    const { transaction } = env;
    if (transaction.hasReset && fieldOfNow(transaction, field) !== field) return readField(record, fieldOfNow(transaction, field));
    if (isFollowed && (transaction.triggers.size > 0 || transaction.toCompute.hasRelations || (compute !== undefined && transaction.toCompute.isMarked(field)))) return readField(record, field);
    const column = env.column(field);
    const value = column.of(id);
    if (value === MISS) return readField(record, field);
    const isFree = transaction.noteRead(field, id);
    let given = value;
    if (relation !== undefined && value !== null) {
      const related = group.through(field);
      // A relation is cached as an id or a list of ids, and as nothing else.
      if (Array.isArray(value)) given = related.list(relation.comodel, value as readonly Id[]);
      else given = related.single(relation.comodel, value as Id);
    }
    if (!isFree || isFollowed || given === undefined) return given;
    // Values read once would be copied for nothing: records begin to keep theirs when as many were found as there are records.
    const { kept } = transaction;
    if (group.moment !== kept.moment) {
      group.moment = kept.moment;
      group.found = 0;
    }
    group.found += 1;
    if (group.found <= FEWEST_FOUND || group.found <= group.handedOut) return given;
    place ??= made.placeFor?.(field.name, read, record) ?? -1;
    if (place < 0) return given;
    // After a reset there are records of another class; and records of sets that are made again and again are not to be held for ever.
    if (group.keeping !== undefined && (group.keepers !== made || group.keeping.length > 2 * column.slots.size)) kept.letGo();
    if (group.keeping === undefined) {
      kept.add(group);
      group.keepers = made;
      group.keeping = [];
    }
    if (made.keep?.(record, place, given) === true) group.keeping.push(record);
    return given;
  };
}
