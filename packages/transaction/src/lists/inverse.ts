import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { WriteRefusedError } from '../errors';
import { refuseUnfinished } from '../running/unfinished';
import type { RecordSet } from '../records/recordset';
import type { Transaction } from '../transaction';
import { isList, recordsOf } from '../values';

/** A field that is given values, and the records that get them. */
export interface Written {
  readonly field: Field;
  readonly records: RecordSet;
}

/**
 * Whether writing a value of this record runs an inverse.
 *
 * A protected value, which is what a running inverse has been given, is only put in: there it ends. The inverse for a new record waits
 * until the record is in the database.
 */
export function hasInverse(tx: Transaction, field: Field, id: Id): boolean {
  return field.inverse !== undefined && isStoredId(id) && !tx.protection.has(field, id);
}

/**
 * Puts values in, then runs the inverses of their fields: all of it or, when something throws, nothing.
 *
 * The computed fields among them are shielded meanwhile, so that the values given stay although what they are computed from changes.
 * @throws {NotLoadedError} TX_NOT_LOADED when an inverse reads what is not in memory, outside `env.run`; inside, it suspends
 * @throws {WriteRefusedError} TX_WRITE_REFUSED for a related value whose path ends in null before its last field
 * @throws {RunError} RUN_ASYNC when an inverse returns a promise
 * @throws {unknown} what an inverse threw
 * @see Odoo's `BaseModel.write` and `Field.determine_inverse`
 */
export function putWithInverses(tx: Transaction, written: readonly Written[], put: () => void): void {
  const checkpoint = tx.undo.checkpoint();
  try {
    const given = written.filter(({ field }) => field.compute);
    tx.protection.during(given.map(({ field, records }) => [field, records.ids] as const), () => {
      put();
      for (const { field, records } of written) invert(tx, field, records);
    });
    for (const { field, records } of given) if (!field.isStored && field.dependsContext.length > 0) forgetElsewhere(tx, field, records);
  } catch (error) {
    tx.undo.undo(checkpoint);
    throw error;
  }
  tx.undo.keep(checkpoint);
}

/**
 * A value was given in one context, and shielded in all of them while its inverse wrote what it is computed from. In the others it is computed anew.
 */
function forgetElsewhere(tx: Transaction, field: Field, records: RecordSet): void {
  const ids = records.ids.filter((id) => isStoredId(id) && records.env.peek(field, id) !== undefined);
  const kept = ids.map((id) => records.env.peek(field, id));
  tx.cache.invalidate([[field, records.ids.filter(isStoredId)]]);
  tx.cache.update(recordsOf(records.env, field, ids), field, kept);
}

function invert(tx: Transaction, field: Field, given: RecordSet): void {
  const { inverse } = field;
  if (!inverse) return;
  const records = given.filtered(({ id }) => isStoredId(id));
  if (records.length === 0) return;
  tx.inverses.run([field], records.ids, () => {
    for (const record of records) {
      if (field.related) refuseNowhere(field, field.related, record);
      // What the inverse expects of its record was checked against the definitions this record is made from.
      const value = inverse(record as never);
      refuseUnfinished(value, `The inverse of ${field.model}.${field.name}`, { model: field.model, field: field.name });
    }
  });
}

/** A related value is kept by the record at the end of its path: where there is none, only null or an empty list can be written. */
function refuseNowhere(field: Field, path: readonly string[], record: RecordSet): void {
  const given = record.get(field.name);
  if (given === null || (isList(field) && (given as RecordSet).length === 0)) return; // a list is read as a set of records
  let here = record;
  for (const [place, name] of path.slice(0, -1).entries()) {
    const next = here.get(name) as RecordSet | null; // a related path leads over many2ones, which the setup has checked
    if (next) {
      here = next;
      continue;
    }
    throw new WriteRefusedError(
      'TX_WRITE_REFUSED',
      `${record.toString()}.${field.name} shows ${path.join('.')}, and ${path.slice(0, place + 1).join('.')} is null: there is no record that could keep the value. Give ${here.toString()} its ${name} first.`,
      { details: { model: field.model, field: field.name, id: record.id, missing: `${here.model}.${name}` } },
    );
  }
}
