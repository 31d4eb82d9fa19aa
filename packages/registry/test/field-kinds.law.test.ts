import { FieldValueError } from '@ormolu/registry';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { fieldOf, kinds } from './support/kinds';

/** Changes a value wherever it can be changed. */
function scribbleOn(value: unknown): void {
  if (value instanceof Date) value.setTime(12_345);
  else if (value instanceof Uint8Array) value.fill(99);
  else if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) scribbleOn(part);
    Object.assign(value, { 0: 'scribbled' });
  }
}

describe.each(kinds)('$name', (kind) => {
  const field = fieldOf(kind);
  const runs = { numRuns: lawRuns(150) };

  test('law: for every accepted value, a read gives what was meant', () => {
    fc.assert(fc.property(kind.accepted, (value) => {
      expect(field.toUser(field.toCache(value))).toEqual(kind.reads(value));
    }), runs);
  });

  test('law: for every accepted value, the column gives back the cached value', () => {
    fc.assert(fc.property(kind.accepted, (value) => {
      const cached = field.toCache(value);
      const back = field.fromColumn(field.toColumn(cached));
      expect(field.isEqual(back, cached)).toBe(true);
      expect(back).toEqual(cached);
    }), runs);
  });

  test('law: for every accepted value, what a read gives may be written back and changes nothing', () => {
    fc.assert(fc.property(kind.accepted, (value) => {
      const cached = field.toCache(value);
      expect(field.isEqual(field.toCache(field.toUser(cached)), cached)).toBe(true);
    }), runs);
  });

  test('law: for all accepted values, equality is an equivalence, and equal values are read alike', () => {
    const values = fc.array(kind.accepted, { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(values, (given) => {
      // Each twice, so that there are equal ones that are not identical.
      const cached = [...given, ...given].map((value) => field.toCache(value));
      const pairs = cached.flatMap((a) => cached.map((b) => [a, b] as const));
      const broken = (law: string, pair: readonly unknown[]): { law: string; pair: readonly unknown[] } => ({ law, pair });
      expect([
        ...cached.filter((a, n) => !field.isEqual(a, a) || !field.isEqual(a, cached[(n + given.length) % cached.length])).map((a) => broken('reflexive', [a])),
        ...cached.filter((a) => field.isEqual(a, null) || field.isEqual(null, a)).map((a) => broken('not null', [a])),
        ...pairs.filter(([a, b]) => field.isEqual(a, b) !== field.isEqual(b, a)).map((pair) => broken('symmetric', pair)),
        ...pairs.filter(([a, b]) => field.isEqual(a, b) !== sameText(field.toUser(a), field.toUser(b))).map((pair) => broken('read alike', pair)),
        ...pairs.filter(([a, b]) => field.isEqual(a, b) && cached.some((c) => field.isEqual(a, c) !== field.isEqual(b, c))).map((pair) => broken('transitive', pair)),
      ]).toEqual([]);
    }), runs);
  });

  test('law: for every accepted value, neither the giver nor a reader can change the cached value afterwards', () => {
    fc.assert(fc.property(kind.accepted, fc.boolean(), (value, fromColumn) => {
      const wanted = kind.reads(value);
      const first = field.toCache(value);
      const cached = fromColumn ? field.fromColumn(field.toColumn(first)) : first;
      scribbleOn(value);
      scribbleOn(field.toUser(cached));
      expect(field.toUser(cached)).toEqual(wanted);
    }), runs);
  });

  test('law: whatever it is given, it takes it as it takes an accepted value, or refuses it by name', () => {
    // Objects whose constructor is their own affair are named by no test here.
    const anything = fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withMap: true, withSet: true, withSparseArray: true })
      .filter((value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, 'constructor'));
    fc.assert(fc.property(anything, (value) => {
      let cached: unknown;
      try {
        cached = field.toCache(value);
      } catch (error) {
        expect(error).toBeInstanceOf(FieldValueError);
        return;
      }
      expect(field.isEqual(field.toCache(field.toUser(cached)), cached)).toBe(true);
      expect(field.isEqual(field.fromColumn(field.toColumn(cached)), cached)).toBe(true);
    }), runs);
  });

  test('values next to those it takes are refused, by kind and type and never by value', () => {
    for (const value of kind.refused) {
      const refusal = refusalOf(() => field.toCache(value));
      expect(refusal).toMatchObject({ code: 'FIELD_VALUE_INVALID', details: { model: 'thing', field: kind.name, kind: field.kind, value } });
      expect(refusal.message).toMatch(new RegExp(`^thing\\.${kind.name} is of kind ${field.kind} and takes .+; it was given (?:an? .+|undefined)\\. Convert the value`));
      if (typeof value === 'string' && value.length > 4) expect(refusal.message).not.toContain(value);
    }
  });

  test('no value is null, everywhere', () => {
    expect([field.toCache(null), field.toUser(null), field.toColumn(null), field.fromColumn(null), field.fromColumn(undefined)]).toEqual([null, null, null, null, null]);
  });
});

function refusalOf(work: () => unknown): FieldValueError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(FieldValueError);
    return error as FieldValueError; // as just seen
  }
  throw new Error('nothing was refused');
}

/** Whether users see the same: by text, which is another way than the kinds' own. */
function sameText(a: unknown, b: unknown): boolean {
  const shown = (value: unknown): string => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : typeof value === 'bigint' ? `${String(value)}n` : JSON.stringify(value));
  return shown(a) === shown(b);
}
