import type { StoredId } from './id';
import { nearestName } from './nearest';

const BRAND = Symbol.for('ormolu.error');

/** What travels with an error beside its text. `details` alone may hold record values, and is told to nobody who does not ask for it. */
export interface OrmoluErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The root of every error Ormolu throws on purpose.
 *
 * The message says what happened and what to do now, and names models, fields and ids, never values. Code chooses by class or
 * `code`; people read the text; every code has its heading in docs/errors.md.
 */
export class OrmoluError extends Error {
  /** `AREA_FACT`, stable across versions. */
  readonly code: string;
  /** What code may look at. It may hold record values, so that it is not enumerable: neither `console.error` nor `JSON.stringify` shows it. */
  declare readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: OrmoluErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    Object.defineProperty(this, 'details', { value: options.details ?? {}, enumerable: false });
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Recognises an Ormolu error, also one that was made by another copy of this package or in another realm. */
  static is(error: unknown): error is OrmoluError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }
}

/** The caller asked for something that can never work; mend the program. */
export class MisuseError extends OrmoluError {}

/** Another transaction was faster; the same unit of work may succeed when run again. */
export class ConflictError extends OrmoluError {}

/** A record that has another version than was expected. */
export interface VersionConflict {
  readonly model: string;
  readonly id: StoredId;
  readonly expected: bigint;
  /** Null: it no longer exists. */
  readonly found: bigint | null;
}

/**
 * Somebody changed or removed a record since its version was read.
 *
 * Unlike a `ConflictError` it is never retried: the same change would meet the same version again, and only who knows what the change
 * was for can say whether it still makes sense.
 * @see OrientDB's `OConcurrentModificationException`
 */
export class ConcurrentModificationError extends OrmoluError implements VersionConflict {
  readonly model: string;
  readonly id: StoredId;
  readonly expected: bigint;
  readonly found: bigint | null;

  /** @param conflict - the first record that differs @param others - those that differ beside it @param cause - the error by which it was noticed */
  constructor(conflict: VersionConflict, others: readonly VersionConflict[] = [], cause?: unknown) {
    const { model, id, expected, found } = conflict;
    const more = others.length === 0 ? '' : ` ${String(others.length)} more ${others.length === 1 ? 'record differs' : 'records differ'}, see details.conflicts.`;
    super('STORAGE_VERSION', `Record ${String(id)} of model '${model}' was ${found === null ? 'removed' : 'changed'} by somebody else: version ${String(expected)} was expected, and ${found === null ? 'there is none' : `${String(found)} was found`}. Load it again, and repeat the change if it still makes sense.${more}`, {
      details: { model, id, expected, found, conflicts: [conflict, ...others] }, ...(cause === undefined ? {} : { cause }),
    });
    this.model = model;
    this.id = id;
    this.expected = expected;
    this.found = found;
  }
}

/** A server could not be reached or did not answer in time. */
export class OutageError extends OrmoluError {}

/** The database refused a row: unique, foreign key, not null or check. */
export class ConstraintError extends OrmoluError {}

/** A model name that the registry or schema does not know. */
export class UnknownModelError extends MisuseError {
  constructor(model: string, known: Iterable<string>) {
    super('MODEL_UNKNOWN', `There is no model '${model}'.${remedy(model, known, 'models')}`, { details: { model } });
  }
}

/** A field name that its model does not have. */
export class UnknownFieldError extends MisuseError {
  constructor(model: string, field: string, known: Iterable<string>) {
    super('FIELD_UNKNOWN', `Model '${model}' has no field '${field}'.${remedy(field, known, 'fields')}`, { details: { model, field } });
  }
}

function remedy(name: unknown, known: Iterable<string>, what: string): string {
  const names = [...known];
  // A name from elsewhere may be missing altogether.
  const nearest = typeof name === 'string' ? nearestName(name, names) : undefined;
  if (nearest !== undefined) return ` Did you mean '${nearest}'?`;
  const shown = names.slice(0, 8).join(', ');
  return names.length === 0 ? '' : ` Known ${what}: ${shown}${names.length > 8 ? ', …' : ''}.`;
}
