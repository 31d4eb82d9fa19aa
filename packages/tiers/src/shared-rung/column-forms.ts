import type { ColumnSchema, ColumnType, IdType } from '@ormolu/kernel';
import { fromPlainForm, toPlainForm } from '../shared/plain-form';
import type { SerializerName } from '../shared/serializers';

/** How a column's values stand in a format, and how they are read again. Null stands for itself and never comes here. */
export interface ColumnForm {
  readonly to: (value: unknown) => unknown;
  /** @throws {TypeError} for what is never written */
  readonly from: (form: unknown) => unknown;
}

/** How values of a column are written in a format. */
export function columnForm({ type }: Pick<ColumnSchema, 'type'>, format: SerializerName): ColumnForm {
  return FORMS[format][type];
}

/** How ids are written in a format. */
export function idForm(type: IdType, format: SerializerName): ColumnForm {
  return FORMS[format][type === 'integer' ? 'int4' : type === 'bigint' ? 'int8' : 'text'];
}

const as = <T>(value: T): T => value;

function refuse(): never {
  throw new TypeError('a form that is never written');
}

const text: ColumnForm = { to: as, from: (form) => (typeof form === 'string' ? form : refuse()) };
const whole: ColumnForm = { to: as, from: (form) => (typeof form === 'number' ? form : refuse()) };
const flag: ColumnForm = { to: as, from: (form) => (typeof form === 'boolean' ? form : refuse()) };

/** Numbers that a format would change: they are written as texts. */
const BEYOND: Readonly<Record<string, number>> = { 'NaN': Number.NaN, 'Infinity': Infinity, '-Infinity': -Infinity, '-0': -0 };
const number: ColumnForm = {
  to: (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)),
  from: (form) => (typeof form === 'number' ? form : typeof form === 'string' ? BEYOND[form] ?? refuse() : refuse()),
};
const moment: ColumnForm = {
  to: (value) => number.to((value as Date).getTime()), // as the contract of sessions has it
  from: (form) => new Date(number.from(form) as number), // a number, or it was refused
};
const WHOLE_NUMBER = /^-?\d{1,25}$/;
const bigText: ColumnForm = { to: String, from: (form) => (typeof form === 'string' && WHOLE_NUMBER.test(form) ? BigInt(form) : refuse()) };
/** MessagePack gives small ones back as numbers. */
const big: ColumnForm = { to: as, from: (form) => (typeof form === 'bigint' ? form : Number.isSafeInteger(form) ? BigInt(form as number) : refuse()) }; // a whole number, or it was refused
const base64: ColumnForm = {
  to: (value) => asBuffer(value as Uint8Array).toString('base64'), // as the contract of sessions has it
  from: (form) => (typeof form === 'string' ? copied(Buffer.from(form, 'base64')) : refuse()),
};
/** A copy: what is read is part of what came over the network. */
const bytes: ColumnForm = { to: (value) => asBuffer(value as Uint8Array), from: (form) => (ArrayBuffer.isView(form) ? copied(form as Uint8Array) : refuse()) }; // the one view that is written
const json: ColumnForm = { to: (value) => toPlainForm(value, 'nothing').form, from: fromPlainForm };
/** As a text where the format's own objects would lose the key `__proto__`. */
const jsonText: ColumnForm = { to: (value) => JSON.stringify(json.to(value)), from: (form) => (typeof form === 'string' ? fromPlainForm(JSON.parse(form)) : refuse()) };

const common = { text, uuid: text, numeric: text, date: text, int4: whole, bool: flag } as const;
const FORMS: Readonly<Record<SerializerName, Readonly<Record<ColumnType, ColumnForm>>>> = {
  json: { ...common, float8: number, timestamptz: moment, int8: bigText, bytea: base64, jsonb: json },
  msgpack: { ...common, float8: number, timestamptz: moment, int8: big, bytea: bytes, jsonb: jsonText },
  v8: { ...common, float8: number, timestamptz: moment, int8: big, bytea: bytes, jsonb: jsonText },
};

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function copied(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
