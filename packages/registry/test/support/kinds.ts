import {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, float, html, integer, json, monetary, selection, text, uuid, type Field, type FieldDefinition,
} from '@ormolu/registry';
import * as fc from 'fast-check';

/** A field, values it takes and, worked out another way than by the field itself, what users read after giving them. */
export interface KindFixture {
  readonly name: string;
  readonly definition: FieldDefinition;
  readonly accepted: fc.Arbitrary<unknown>;
  /** What a read gives for an accepted value. */
  readonly reads: (given: unknown) => unknown;
  /** Values next to those it takes. */
  readonly refused: readonly unknown[];
}

const INT4 = 2 ** 31;
const INT8 = 2n ** 63n;
const same = (given: unknown): unknown => given;
const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

export const storableText: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => !value.includes('\0'));
const badTexts: readonly unknown[] = ['nul\0', '\uD800', 'half\uDC00', 5, 5n, true, ['a'], new Date(0), new String('a')];

/** Decimals in all the ways one may write them, with no more digits than a column of this scale holds. */
function decimals(scale: number, wholeDigits: number): fc.Arbitrary<string> {
  const digits = (least: number, most: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9]{${String(least)},${String(most)}}$`));
  const written = fc.tuple(fc.constantFrom('', '-', '+'), digits(1, wholeDigits), fc.option(digits(0, scale)), digits(0, 3).map((zeros) => zeros.replace(/./g, '0')));
  const plain = written.map(([sign, whole, fraction, zeros]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}${zeros}`}`);
  const small = digits(1, Math.max(1, scale)).filter((fraction) => fraction.length <= scale).map((fraction) => `.${fraction}`);
  const powers = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: wholeDigits - 1 })).map(([digit, power]) => `${String(digit)}e${String(power)}`);
  return scale > 0 ? fc.oneof(plain, small, powers) : fc.oneof(plain, powers);
}

/** By whole numbers of the smallest unit, where the field works on digits. */
function decimalAt(scale: number): (given: unknown) => string {
  return (given) => {
    const [mantissa = '', power = '0'] = String(given).toLowerCase().split('e');
    const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
    const shift = scale - fraction.length + Number(power);
    const all = BigInt(`0${whole}${fraction}`);
    const units = shift >= 0 ? all * 10n ** BigInt(shift) : all / 10n ** BigInt(-shift);
    const one = 10n ** BigInt(scale);
    return `${mantissa.startsWith('-') && units > 0n ? '-' : ''}${String(units / one)}${scale > 0 ? `.${String(units % one).padStart(scale, '0')}` : ''}`;
  };
}

const notDecimals: readonly unknown[] = ['', '.', '-', '+', 'abc', '1,5', ' 1', '1 ', '1\n', '1e', 'e1', '0x10', 'NaN', 'Infinity', '1.2.3', '--1', '1e99999', '1e-99999', '٣', 1, 1.5, 10n, true, [], ['1']];

/** JSON as a program may hold it: with minus zero, and with properties that are undefined. */
const jsonValues: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(storableText, fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 4 })),
  leaf: fc.oneof(storableText, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean(), fc.constant(null)),
})).value;

const days = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((day) => `${pad(day.getUTCFullYear(), 4)}-${pad(day.getUTCMonth() + 1, 2)}-${pad(day.getUTCDate(), 2)}`);
/** The whole of PostgreSQL's calendar that a Date can name. */
const instants = fc.date({ min: new Date(Date.UTC(-4713, 10, 24)), max: new Date(8.64e15), noInvalidDate: true });
const hexadecimal = (given: unknown): string => String(given).replaceAll('-', '').toLowerCase();

export const kinds: readonly KindFixture[] = [
  { name: 'char', definition: char(), accepted: storableText, reads: same, refused: badTexts },
  { name: 'shortChar', definition: char({ size: 12 }), accepted: storableText, reads: same, refused: [...badTexts, 'x'.repeat(13), '😀'.repeat(13)] },
  { name: 'text', definition: text(), accepted: storableText, reads: same, refused: badTexts },
  { name: 'html', definition: html(), accepted: storableText, reads: same, refused: badTexts },
  {
    name: 'uuid', definition: uuid(), accepted: fc.tuple(fc.uuid(), fc.boolean(), fc.boolean()).map(([id, upper, bare]) => (upper ? id.toUpperCase() : id).replaceAll('-', bare ? '' : '-')),
    reads: (given) => [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hexadecimal(given).slice(from, to)).join('-'),
    refused: ['', 'x', '12345678-9abc-def0-1234-56789abcdef', '12345678-9abc-def0-1234-56789abcdef00', '{12345678-9abc-def0-1234-56789abcdef0}', '12345678-9abc-def0-1234-56789abcdefg', 5, undefined],
  },
  { name: 'selection', definition: selection(['draft', 'done', '']), accepted: fc.constantFrom('draft', 'done', ''), reads: same, refused: ['Draft', 'cancelled', 0, false, ['draft'], undefined] },
  {
    name: 'integer', definition: integer(), accepted: fc.oneof(fc.integer({ min: -INT4, max: INT4 - 1 }), fc.constant(-0)), reads: (given) => Number(given) + 0,
    refused: [INT4, -INT4 - 1, 1.5, NaN, Infinity, '1', 1n, true, new Number(1)],
  },
  { name: 'bigint', definition: bigint(), accepted: fc.bigInt({ min: -INT8, max: INT8 - 1n }), reads: same, refused: [INT8, -INT8 - 1n, 1, '1', 1.5, true] },
  { name: 'float', definition: float(), accepted: fc.double({ noNaN: true, noDefaultInfinity: true }), reads: (given) => Number(given) + 0, refused: [NaN, Infinity, -Infinity, '1.5', 1n, true] },
  { name: 'boolean', definition: boolean(), accepted: fc.boolean(), reads: same, refused: [0, 1, '', 'true', undefined] },
  { name: 'decimal', definition: decimal({ precision: 9, scale: 3 }), accepted: decimals(3, 6), reads: decimalAt(3), refused: [...notDecimals, '1.2345', '1e-4', '1000000', '1e6'] },
  { name: 'wholeDecimal', definition: decimal({ scale: 0 }), accepted: decimals(0, 30), reads: decimalAt(0), refused: [...notDecimals, '1.5', '.5', `1${'0'.repeat(1000)}`] },
  { name: 'fineDecimal', definition: decimal({ precision: 20, scale: 20 }), accepted: decimals(20, 1).map((value) => value.replace(/^([+-]?)[1-9]/, '$10')), reads: decimalAt(20), refused: [...notDecimals, '1', `0.${'0'.repeat(20)}1`] },
  { name: 'monetary', definition: monetary(), accepted: decimals(2, 20), reads: decimalAt(2), refused: [...notDecimals, '1.005', '-0.001'] },
  {
    name: 'date', definition: date(), accepted: days, reads: same,
    refused: ['2026-02-30', '2026-02-29', '1900-02-29', '2026-13-01', '2026-00-10', '2026-01-00', '2026-04-31', '0000-01-01', '10000-01-01', '2026-1-1', '2026-01-01T00:00', 'today', '', ' 2026-01-01', '2026-01-01\n', new Date(0), 0],
  },
  {
    name: 'datetime', definition: datetime(), accepted: instants, reads: (given) => new Date(Number(given)),
    refused: [new Date(NaN), new Date(Date.UTC(-4713, 10, 24) - 1), '2026-01-01T00:00:00Z', 0, { getTime: () => 0 }, { [Symbol.toStringTag]: 'Date' }],
  },
  {
    name: 'json', definition: json(), accepted: jsonValues.filter((value) => value !== null), reads: (given) => JSON.parse(JSON.stringify(given)) as unknown,
    refused: [NaN, [Infinity], undefined, [undefined], new Array(2), 1n, { deep: [1n] }, (): void => undefined, Symbol('s'), { at: new Date(0) }, new Map(), 'nul\0', { deep: ['\uDC00'] }, { 'nul\0': 1 }, circular(), nested(501)],
  },
  {
    name: 'binary', definition: binary(), accepted: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)), fc.uint8Array({ minLength: 2, maxLength: 20 }).map((bytes) => bytes.subarray(1))),
    reads: (given) => Uint8Array.from(given as Uint8Array), refused: ['abc', [1, 2], new ArrayBuffer(2), new Uint16Array(1), new DataView(new ArrayBuffer(1)), new Uint8ClampedArray(1), transferred()],
  },
];

/** A model with a field of every kind. */
export const everyKind = defineModels({ thing: Object.fromEntries(kinds.map(({ name, definition }) => [name, definition])) });

/** The field of a kind in that model. */
export function fieldOf({ name }: KindFixture): Field {
  return everyKind.registry().field('thing', name);
}

function circular(): unknown {
  const list: unknown[] = [];
  list.push({ list });
  return list;
}

/** So many lists in one another. */
export function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** Bytes whose memory went elsewhere. */
function transferred(): Uint8Array {
  const bytes = new Uint8Array(3);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}
