import { NewId, type Id } from '@ormolu/kernel';
import { plainKind, type FieldKind } from './field-kind';

const isId = (value: unknown): value is Id => (typeof value === 'number' && Number.isInteger(value)) || typeof value === 'bigint' || typeof value === 'string' || value instanceof NewId;

/** Kinds that hold other records, by their ids. */
export const relationKinds: Readonly<Record<string, FieldKind>> = {
  many2one: plainKind({ name: 'many2one', columnType: 'int4', expects: 'a record or its id', accepts: isId }),
  one2many: plainKind({
    name: 'one2many',
    columnType: undefined,
    expects: 'a list of ids',
    accepts: (value) => Array.isArray(value) && value.every(isId),
    toCache: (value) => Object.freeze([...(value as readonly Id[])]),
    isEqual: (a, b) => Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((id, place) => id === b[place]),
  }),
};
