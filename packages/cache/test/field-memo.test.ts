import type { CacheField } from '@ormolu/cache';
import { FieldColumns } from '../src/field-columns';
import { FieldMemo } from '../src/field-memo';
import { SlotIndex } from '../src/slot-index';
import { UndoLog } from '../src/undo-log';

const met = (memo: FieldMemo, count: number, from = 0) => Array.from({ length: count }, (_, at) => {
  const field: CacheField = { model: 'city', name: `f${from + at}`, dependsContext: at % 3 === 2 ? ['lang'] : [] };
  const columns = new FieldColumns(field, new SlotIndex(), 0, new UndoLog());
  memo.add(field, columns);
  return { field, columns };
});

test.each([1, 2, 12, 13, 40])('each of %p fields is found, in any order, with its columns', (count) => {
  const memo = new FieldMemo();
  const fields = met(memo, count);
  expect(memo.last).toBe(count - 1);
  const orders = [fields, fields.toReversed(), [...fields, ...fields], fields.flatMap((one) => [one, one, one])];
  for (const { field, columns } of orders.flat()) {
    const place = memo.placeOf(field);
    expect([place, memo.last, memo.placeOf(field)]).toEqual([fields.findIndex((one) => one.field === field), place, place]);
    expect(memo.columnsAt(place)).toBe(columns);
    expect(memo.plainAt(place)).toBe(field.dependsContext.length === 0 ? columns.plain : undefined);
  }
  const last = memo.last;
  expect([memo.placeOf({ ...fields[0]!.field }), memo.last, memo.plainAt(-1), memo.columnsAt(-1)]).toEqual([-1, last, undefined, undefined]);
});

test('a memo of too many begins anew', () => {
  const memo = new FieldMemo();
  const [first] = met(memo, 4_096);
  expect(memo.placeOf(first!.field)).toBe(0);
  const [newest] = met(memo, 1, 4_096);
  expect([memo.placeOf(first!.field), memo.placeOf(newest!.field), memo.last]).toEqual([-1, 0, 0]);
  expect([memo.columnsAt(0), memo.plainAt(0), memo.columnsAt(1), memo.plainAt(1)]).toEqual([newest!.columns, newest!.columns.plain, undefined, undefined]);
  const [next] = met(memo, 14, 5_000);
  expect([memo.placeOf(first!.field), memo.placeOf(next!.field)]).toEqual([-1, 1]);
});
