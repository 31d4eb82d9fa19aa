import { MisuseError, typeName } from '@ormolu/kernel';
import { bytesOf, isStorableText, storableJson, validDate } from '../value-forms';
import type { Parameter } from './parameter';

/**
 * A value of the caller's own SQL, in PostgreSQL's text form; its type is what the statement makes of it.
 *
 * Lists become arrays, plain objects JSON.
 */
export function textParameter(value: unknown): Parameter {
  return { kind: 'text', value: value === null || value === undefined ? null : textOf(value) };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') {
    if (!isStorableText(value)) throw new MisuseError('STORAGE_VALUE', 'A parameter of env.sql holds a NUL character or half a surrogate pair, which PostgreSQL has no place for. Remove it.');
    return value;
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  const date = validDate(value);
  if (date) return date.toISOString();
  const bytes = bytesOf(value);
  if (bytes) return `\\x${Buffer.from(bytes).toString('hex')}`;
  if (Array.isArray(value)) return `{${value.map(elementOf).join(',')}}`;
  const json = storableJson(value);
  if (json === undefined) throw new MisuseError('STORAGE_VALUE', `A parameter of env.sql is ${typeName(value)} that has no form in JSON. Give texts, numbers, booleans, dates, bytes, null, lists of these, or plain objects.`);
  return json;
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return textOf(value);
  return `"${textOf(value).replace(/["\\]/g, '\\$&')}"`;
}

/** How a value comes out of PostgreSQL's text form, by the type's number; types not listed stay texts. */
export const TEXT_READERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [17, (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))],
  [20, BigInt],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, Number],
  [701, readFloat],
  [114, (text) => JSON.parse(text) as unknown],
  [1184, readInstant],
  [3802, (text) => JSON.parse(text) as unknown],
]);

function readFloat(text: string): number {
  return text === '-Infinity' ? -Infinity : Number(text);
}

const INSTANT = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;

/** ISO form as `datestyle` gives it by default, in whatever zone the server shows it. */
function readInstant(text: string): Date | string {
  const parts = INSTANT.exec(text);
  if (!parts) return text;
  const part = (n: number): number => Number(parts[n] ?? 0);
  const date = new Date(0);
  date.setUTCFullYear(parts[11] === undefined ? part(1) : 1 - part(1), part(2) - 1, part(3));
  date.setUTCHours(part(4), part(5), part(6), Math.floor(Number((parts[7] ?? '').padEnd(6, '0')) / 1000));
  const zone = Number(`${(parts[8] ?? '+').slice(0, 1)}1`) * (Math.abs(part(8)) * 3600 + part(9) * 60 + part(10));
  return new Date(date.getTime() - zone * 1000);
}
