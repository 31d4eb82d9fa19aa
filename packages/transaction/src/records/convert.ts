import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { WriteRefusedError } from '../errors';

/**
 * A value as the cache keeps it, if this field takes it from outside.
 *
 * @throws {WriteRefusedError} TX_WRITE_REFUSED, TX_REQUIRED or TX_WRONG_RECORD
 * @throws {FieldValueError} FIELD_VALUE_INVALID
 */
export function writable(field: Field, value: unknown): unknown {
  if (field.isServed && field.isReadonly) {
    throw new WriteRefusedError('TX_WRITE_REFUSED', `${field.model}.${field.name} is computed by the server, and cannot be assigned here. Write the fields it depends on, or let a program with a worker's token write it.`, {
      details: { model: field.model, field: field.name },
    });
  }
  if (field.compute && !field.isEditable && !field.inverse) {
    throw new WriteRefusedError(
      'TX_WRITE_REFUSED',
      `${field.model}.${field.name} is computed and cannot be assigned. Write the fields it depends on, define it with readonly: false, or give it an inverse.`,
      { details: { model: field.model, field: field.name } },
    );
  }
  if (field.relation?.kind === 'one2many') {
    throw new WriteRefusedError(
      'TX_WRITE_REFUSED',
      `${field.model}.${field.name} is the other side of ${field.relation.comodel}.${field.relation.inverseName ?? ''}: write that field of the records themselves.`,
      { details: { model: field.model, field: field.name } },
    );
  }
  const cached = toCache(field, value);
  if (cached === null && field.isRequired) {
    throw new WriteRefusedError('TX_REQUIRED', `${field.model}.${field.name} is required and cannot be null. Give it a value, or unlink the record.`, {
      details: { model: field.model, field: field.name },
    });
  }
  return cached;
}

/** A value in the cache's form; a record stands for its id. */
export function toCache(field: Field, value: unknown): unknown {
  if (field.relation?.kind !== 'many2one' || typeof value !== 'object' || value === null || !('ids' in value)) return field.toCache(value);
  const { model, ids } = value as { model: string; ids: readonly Id[] };
  const [id] = ids;
  if (model !== field.relation.comodel || ids.length > 1) {
    throw new WriteRefusedError(
      'TX_WRONG_RECORD',
      `${field.model}.${field.name} takes one record of ${field.relation.comodel}; it was given ${String(ids.length)} of ${model}. Take one with at(0), or of the right model.`,
      { details: { model: field.model, field: field.name, given: model } },
    );
  }
  return id === undefined ? null : field.toCache(id);
}
