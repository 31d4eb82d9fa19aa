import { bigint, char, date, datetime, decimal, defineModels, html, json, monetary, selection, uuid, type Field, type FieldDefinition } from '@ormolu/registry';
import { nested } from './support/kinds';

function fieldOf(definition: FieldDefinition): Field {
  return defineModels({ thing: { field: definition } }).registry().field('thing', 'field');
}

const setup = (definition: FieldDefinition): (() => unknown) => () => fieldOf(definition);

describe('decimal', () => {
  const price = fieldOf(decimal({ precision: 6, scale: 2 }));

  test.each([
    ['12.5', '12.50'], ['12.500', '12.50'], ['+.5', '0.50'], ['-0', '0.00'], ['-0.00', '0.00'], ['0012', '12.00'], ['1.2e2', '120.00'], ['150e-3', '0.15'], ['12.', '12.00'],
    ['9999.99', '9999.99'], ['0e9999', '0.00'], ['-1e-2', '-0.01'],
  ])('%s is %s at scale 2', (given, kept) => {
    expect(price.toCache(given)).toBe(kept);
  });

  test('what it would have to round is refused, and the message says so', () => {
    expect(() => price.toCache('12.505')).toThrow(/takes at most 2 digits behind the point and does not round/);
    expect(() => price.toCache('10000')).toThrow(/takes at most 4 digits before the point/);
  });

  test('a number is refused even where it is whole', () => {
    expect(() => price.toCache(12)).toThrow("takes an exact decimal as text, such as '12.50'; it was given a whole number.");
  });

  test('a column of another scale is read at the scale of the field, and as it stands where that would lose digits', () => {
    expect(['12.5', '12.500', '12.505', 'NaN'].map((raw) => price.fromColumn(raw))).toEqual(['12.50', '12.50', '12.505', 'NaN']);
  });

  test('zeros without end are taken in linear time', () => {
    expect(() => price.toCache(`1.${'0'.repeat(200_000)}1`)).toThrow(/at most 2 digits behind/);
    expect(price.toCache(`1.${'0'.repeat(200_000)}`)).toBe('1.00');
  });
});

test('the column of a decimal has its scale, and of nothing else', () => {
  const { schema } = defineModels({ thing: { price: decimal({ scale: 3 }), total: monetary(), yen: monetary({ scale: 0 }), name: char() } }).registry();
  expect(schema.table('thing').columns.map(({ field, type, scale }) => [field, type, scale])).toEqual([
    ['price', 'numeric', 3], ['total', 'numeric', 2], ['yen', 'numeric', 0], ['name', 'text', undefined],
  ]);
});

describe('texts', () => {
  test('size counts code points', () => {
    const code = fieldOf(char({ size: 2 }));
    expect(code.toCache('😀😀')).toBe('😀😀');
    expect(() => code.toCache('abc')).toThrow(/text of at most 2 characters/);
    expect(() => fieldOf(html({ size: 3 })).toCache('<p></p>')).toThrow(/at most 3/);
  });

  test('a uuid is kept in lower case with hyphens', () => {
    expect(fieldOf(uuid()).toCache('123456789ABCDEF0123456789ABCDEF0')).toBe('12345678-9abc-def0-1234-56789abcdef0');
  });

  test('a selection names its values when it refuses another, and reads what is no longer listed', () => {
    const state = fieldOf(selection(['draft', 'done']));
    expect(() => state.toCache('sent')).toThrow("takes one of 'draft', 'done'; it was given a string.");
    expect(state.fromColumn('cancelled')).toBe('cancelled');
  });

  test('the list given to selection may change afterwards', () => {
    const values: ('a' | 'b')[] = ['a'];
    const field = fieldOf(selection(values));
    values.push('b');
    expect(() => field.toCache('b')).toThrow(/one of 'a'/);
  });
});

describe('dates', () => {
  test('an impossible day is refused', () => {
    expect(() => fieldOf(date()).toCache('2026-02-30')).toThrow("takes a day of the calendar as text, 'YYYY-MM-DD'; it was given a string.");
    expect(fieldOf(date()).toCache('2024-02-29')).toBe('2024-02-29');
  });

  test('a Date is no day, because its day depends on where one stands', () => {
    expect(() => fieldOf(date()).toCache(new Date(0))).toThrow(/it was given a Date/);
  });

  test('a datetime is cached as its milliseconds and read as a Date of one own', () => {
    const at = fieldOf(datetime());
    const cached = at.toCache(new Date(1234));
    expect(cached).toBe(1234);
    expect(at.toUser(cached)).toEqual(new Date(1234));
    expect(at.toUser(cached)).not.toBe(at.toUser(cached));
    expect(at.toColumn(cached)).toEqual(new Date(1234));
  });
});

describe('json', () => {
  const field = fieldOf(json());

  test('it is kept as a deep-frozen copy with sorted keys, without what is undefined', () => {
    const cached = field.toCache({ b: [-0, { d: 1 }], a: 'x', gone: undefined });
    expect(JSON.stringify(cached)).toBe('{"a":"x","b":[0,{"d":1}]}');
    expect(() => void (cached as { b: number[] }).b.push(1)).toThrow(TypeError);
    expect(() => void Object.assign((cached as { b: object[] }).b[1]!, { d: 2 })).toThrow(TypeError);
  });

  test('a key named __proto__ is a key', () => {
    const cached = field.toCache(JSON.parse('{"__proto__":{"a":1}}'));
    expect(Object.keys(cached as object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(cached)).toBe(Object.prototype);
    expect(field.isEqual(cached, field.toCache({}))).toBe(false);
  });

  test('the same object may stand in it twice', () => {
    const part = { a: 1 };
    expect(field.toCache([part, part])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('the message says what JSON has no place for', () => {
    expect(() => field.toCache({ at: new Date(0) })).toThrow(/but not an object of a class, such as a Date or a Map, neither as such nor within; it was given an object/);
    expect(() => field.toCache([undefined])).toThrow(/but not undefined/);
    expect(() => field.toCache(1n)).toThrow(/but not a bigint/);
    expect(() => field.toCache(nested(501))).toThrow(/nested deeper than 500 levels/);
    expect(field.toCache(nested(500))).toEqual(nested(500));
  });

  test('what the database holds is read however deep and large it is', () => {
    expect(field.fromColumn(nested(600))).toEqual(nested(600));
    expect(field.fromColumn(JSON.parse('[1e400]'))).toEqual([Infinity]);
  });

  test('a getter that throws is the error itself', () => {
    const failing = { get value(): number { throw new RangeError('mine'); } };
    expect(() => field.toCache(failing)).toThrow(RangeError);
  });
});

test('bytes from the database are kept without the larger memory around them', () => {
  const field = fieldOf({ kind: 'binary', options: {} });
  const whole = new Uint8Array([1, 2, 3]);
  expect(field.fromColumn(whole)).toBe(whole);
  const cached = field.fromColumn(Buffer.from('abc'));
  expect(Buffer.isBuffer(cached)).toBe(false);
  expect((cached as Uint8Array).buffer.byteLength).toBe(3);
});

describe('setup', () => {
  test.each<[string, FieldDefinition, RegExp]>([
    ['a size of zero', char({ size: 0 }), /size is no whole number from 1 up/],
    ['a decimal without a scale', { kind: 'decimal', options: {} }, /it has no scale\. Say how many digits/],
    ['a scale with a fraction', decimal({ scale: 1.5 }), /scale is no whole number from 0 to 1000/],
    ['a precision beyond what PostgreSQL has', decimal({ precision: 1001, scale: 2 }), /precision is no whole number from 1 to 1000/],
    ['a scale beyond the precision', decimal({ precision: 2, scale: 3 }), /scale is greater than its precision/],
    ['an empty selection', selection([]), /selection is empty/],
    ['a selection that repeats itself', selection(['a', 'a']), /names a value twice/],
    ['a selection that no column holds', selection(['a\0']), /no text column can hold/],
    // The compiler refuses it as well, where it can see the value.
    ['a default that the field refuses', bigint({ default: 2n ** 63n }), /its default is no value of it: thing\.field is of kind bigint and takes a bigint of 8 bytes.*Give another default/],
  ])('%s is refused with its remedy', (_, definition, message) => {
    expect(setup(definition)).toThrow(message);
  });

  test('a default that is a function is not called', () => {
    expect(setup(date({ default: () => { throw new Error('called'); } }))).not.toThrow();
  });
});
