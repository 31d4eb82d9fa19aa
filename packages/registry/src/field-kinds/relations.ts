import { NewId, type ColumnType, type Id, type IdType } from '@ormolu/kernel';
import { plainKind, Refusal, UNFINDABLE, type FieldKind } from './field-kind';

/** Where the records of a relation come from. */
export interface Comodel {
  readonly model: string;
  readonly idType: IdType;
}

const COLUMN_OF_ID: Readonly<Record<IdType, ColumnType>> = { integer: 'int4', bigint: 'int8', uuid: 'uuid', text: 'text' };
const ID_OF: Readonly<Record<IdType, string>> = { integer: 'a whole number', bigint: 'a bigint', uuid: 'a uuid in lower case', text: 'text' };
const TYPE_OF_ID: Readonly<Record<IdType, string>> = { integer: 'number', bigint: 'bigint', uuid: 'string', text: 'string' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INT4_LIMIT = 2 ** 31;
const INT8_LIMIT = 2n ** 63n;

/** The type of columns that hold such ids. */
export function columnOfIds(type: IdType): ColumnType {
  return COLUMN_OF_ID[type];
}

/** Whether this can be the id of a record, stored or not. */
export function isIdOf(type: IdType, value: unknown): value is Id {
  if (value instanceof NewId) return true;
  switch (type) {
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) && value >= -INT4_LIMIT && value < INT4_LIMIT;
    case 'bigint':
      return typeof value === 'bigint' && value >= -INT8_LIMIT && value < INT8_LIMIT;
    case 'uuid':
      return typeof value === 'string' && UUID.test(value);
    case 'text':
      return typeof value === 'string';
  }
}

/** The ids of a record set, whoever made it, if it is one and of this model. */
function idsOfRecords(value: unknown, model: string): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('ids' in value) || !('model' in value)) return undefined;
  return value.model === model && Array.isArray(value.ids) ? value.ids : undefined;
}

/** One record, kept as its id. */
export function toOneKind({ model, idType }: Comodel): FieldKind {
  const refusal = new Refusal(`one record of ${model} or its id, ${ID_OF[idType]}`);
  const take = (value: unknown): unknown => {
    const ids = idsOfRecords(value, model);
    if (ids) return ids.length === 0 ? null : ids.length === 1 && isIdOf(idType, ids[0]) ? ids[0] : refusal;
    return isIdOf(idType, value) ? value : refusal;
  };
  return {
    ...plainKind({ name: 'many2one', columnType: COLUMN_OF_ID[idType], expects: refusal.expected, accepts: () => true }),
    take,
    // An id of the right type that no record can have is no record's id, and neither is a draft's.
    takeConstant: (value) => {
      const taken = take(value);
      if (taken instanceof NewId) return UNFINDABLE;
      return taken instanceof Refusal && typeof value === TYPE_OF_ID[idType] && (idType !== 'integer' || Number.isInteger(value)) ? UNFINDABLE : taken;
    },
  };
}

/** Records, kept as the frozen list of their ids. */
export function toManyKind(name: 'one2many' | 'many2many', { model, idType }: Comodel): FieldKind {
  const refusal = new Refusal(`records of ${model} or a list of their ids, each ${ID_OF[idType]}`);
  return {
    ...plainKind({ name, columnType: undefined, expects: refusal.expected, accepts: () => true }),
    take: (value) => {
      const ids = idsOfRecords(value, model) ?? (Array.isArray(value) ? (value as readonly unknown[]) : undefined);
      // Array.from gives holes as undefined, which is no id; a list of holes is none of ids.
      return ids && Array.from(ids).every((id) => isIdOf(idType, id)) ? Object.freeze([...new Set(ids)]) : refusal;
    },
    fromColumn: (raw) => Object.freeze([...(raw as readonly Id[])]),
    isEqual: isEqualList,
  };
}

/** Lists are sets with an order of their own: what comes in another order is the same. */
function isEqualList(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return a === b;
  if (a.every((id, place) => id === b[place])) return true;
  const members = new Set<unknown>(a);
  return b.every((id) => members.has(id));
}

/** One record of any of some models, kept as `model,id`. */
export function referenceKind(comodels: readonly Comodel[]): FieldKind {
  const refusal = new Refusal(`one record of ${comodels.map(({ model }) => model).join(' or ')}, or a text 'model,id' of one`);
  return {
    ...plainKind({ name: 'reference', columnType: 'text', expects: refusal.expected, accepts: () => true }),
    take: (value) => {
      for (const { model } of comodels) {
        const ids = idsOfRecords(value, model);
        if (ids) return ids.length === 0 ? null : ids.length === 1 && !(ids[0] instanceof NewId) ? `${model},${String(ids[0])}` : refusal;
      }
      const [, model, id] = typeof value === 'string' ? (/^([^,]+),(.+)$/s.exec(value) ?? []) : [];
      const comodel = comodels.find((known) => known.model === model);
      return comodel && id !== undefined && parseId(comodel.idType, id) !== undefined ? value : refusal;
    },
  };
}

/** The id that a text stands for, or undefined when it can be none of the type. */
function parseId(type: IdType, text: string): Id | undefined {
  if ((type === 'integer' || type === 'bigint') && !/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const id = type === 'integer' ? Number(text) : type === 'bigint' ? BigInt(text) : text;
  return isIdOf(type, id) ? id : undefined;
}
