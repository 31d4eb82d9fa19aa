import { StackMap, type Id } from '@ormolu/kernel';
import { Field, type Registry } from '@ormolu/registry';
import { argument } from '../check-call';
import type { RecordSet } from '../records/recordset';
import { isPromise } from '../running/unfinished';
import { SetWhenAsked } from '../triggers/set-when-asked';

/** A field, and the records for which it is to be left alone. */
export type Shielded = readonly [field: Field, ids: Iterable<Id>];

/** Fields, given by themselves or by name, each with some records of their model. @throws {MisuseError} TX_ARGUMENT */
export function shielded(registry: Registry, fields: readonly (Field | string)[], { model, ids }: RecordSet): readonly Shielded[] {
  if (!Array.isArray(fields)) throw argument('protecting', fields, "a list of fields: ['name']");
  const wrong = fields.find((field: unknown) => typeof field !== 'string' && !(field instanceof Field)) as unknown;
  if (wrong !== undefined) throw argument('protecting', wrong, "fields or names of fields: ['name']");
  return fields.map((field: Field | string) => [typeof field === 'string' ? registry.field(model, field) : registry.field(field.model, field.name), ids]);
}

const NOBODY: ReadonlyMap<Field, ReadonlySet<Id>> = new Map();
const NO_IDS: ReadonlySet<Id> = new Set();

/**
 * Fields shielded from recomputation, for some records and for as long as a function runs.
 *
 * Who is protected when a trigger fires is not marked by it, neither then nor when the trigger is resolved later.
 * @see Odoo's `env.protecting`
 */
export class Protection {
  /** Field → ids, a level for every function that runs; each level holds those of the levels below. */
  readonly stack: StackMap<Field, ReadonlySet<Id>> = new StackMap();

  /** Whether a pair is shielded now. */
  has(field: Field, id: Id): boolean {
    return this.stack.depth > 0 && (this.stack.get(field)?.has(id) ?? false);
  }

  /** Which pairs are shielded now, for those who must know it later. */
  snapshot(): ReadonlyMap<Field, ReadonlySet<Id>> {
    if (this.stack.depth === 0) return NOBODY;
    return new Map(Array.from(this.stack.keys(), (field) => [field, this.stack.get(field) ?? NO_IDS]));
  }

  /** Shields some pairs until a function has returned, or the promise it returns is settled. */
  during<T>(pairs: Iterable<Shielded>, fn: () => T): T {
    const level = new Map<Field, ReadonlySet<Id>>();
    for (const [field, ids] of pairs) {
      const below = level.get(field) ?? this.stack.get(field);
      level.set(field, new SetWhenAsked(() => (below ? [...below, ...ids] : ids)));
    }
    this.stack.push(level);
    let isWaiting = false;
    try {
      const value = fn();
      if (isPromise(value)) {
        isWaiting = true;
        // What the function gives is given on: a promise of the same value.
        return Promise.resolve(value).finally(() => this.stack.pop()) as T;
      }
      return value;
    } finally {
      if (!isWaiting) this.stack.pop();
    }
  }
}
