import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { Column } from '../src/column';
import { SlotIndex } from '../src/slot-index';
import { MISS } from '../src/places';
import { UndoLog } from '../src/undo-log';

/** Slots near and far, so that the array, the map behind it and the move between them are all met. */
const slot = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_000, max: 1_200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_020, max: 1_500 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom('put', 'putDirty', 'insert', 'delete', 'mark', 'unmark', 'fill'), slot) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('forget', 'unmarkAll', 'open', 'undo', 'undoAndClose', 'close'), fc.constant(0)) },
);

interface Plain {
  values: Map<number, unknown>;
  dirty: Set<number>;
}

/** Whether a step replaces, takes out or takes back values that are there, which who listens is told before. */
function changesAny(act: string, at: number, { values, dirty }: Plain, openMarks: number): boolean {
  if (act === 'put' || act === 'putDirty') return values.has(at);
  if (act === 'fill') return Array.from({ length: 30 }, (_, near) => at + near).some((near) => values.has(near));
  if (act === 'delete') return values.has(at) && !dirty.has(at);
  if (act === 'undo' || act === 'undoAndClose') return openMarks > 0;
  return act === 'forget';
}

test('law: for every script, a column holds what a Map holds, in its order, far slots and undo included', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (script) => {
    const log = new UndoLog();
    const column = new Column(new SlotIndex(), 'key', 0, log);
    let plain: Plain = { values: new Map(), dirty: new Set() };
    const copy = ({ values, dirty }: Plain): Plain => ({ values: new Map(values), dirty: new Set(dirty) });
    const marks: [ReturnType<UndoLog['open']>, Plain][] = [];
    let next = 0;
    for (const [act, at] of script) {
      next += 1;
      const value = next % 7 === 0 ? undefined : next;
      const before = [...plain.values.keys()].join();
      let told = 0;
      log.listener = () => {
        told += 1;
        // Filling is many calls; the first to change something may have others before it.
        if (act !== 'fill' && column.occupied().join() !== before) expect([act, at, column.occupied().join()]).toEqual([act, at, before]);
      };
      const changes = changesAny(act, at, plain, marks.length);
      switch (act) {
        case 'put':
          column.put(at, value);
          plain.values.set(at, value);
          break;
        case 'putDirty':
          column.putDirty(at, value);
          plain.values.set(at, value);
          plain.dirty.add(at);
          break;
        case 'insert':
          column.insert(at, value, true);
          if (!plain.values.has(at)) plain.values.set(at, value);
          break;
        case 'fill':
          for (let near = at; near < at + 30; near += 1) {
            column.put(near, near);
            plain.values.set(near, near);
          }
          break;
        case 'delete':
          if (column.isDirty(at)) break;
          column.delete(at);
          plain.values.delete(at);
          break;
        case 'mark':
          if (!plain.values.has(at)) break;
          column.mark(at);
          plain.dirty.add(at);
          break;
        case 'unmark':
          column.unmark(at);
          plain.dirty.delete(at);
          break;
        case 'unmarkAll':
          column.unmarkAll();
          plain.dirty.clear();
          break;
        case 'forget':
          column.forgetClean();
          plain.values = new Map([...plain.values].filter(([one]) => plain.dirty.has(one)));
          break;
        case 'open':
          marks.push([log.open(), copy(plain)]);
          break;
        case 'undo': {
          const last = marks.at(-1);
          if (last === undefined) break;
          log.undoTo(last[0]);
          plain = copy(last[1]);
          break;
        }
        case 'undoAndClose': {
          const last = marks.pop();
          if (last === undefined) break;
          log.undoAndClose(last[0]);
          plain = last[1];
          break;
        }
        case 'close': {
          const last = marks.pop();
          if (last !== undefined) log.close(last[0]);
        }
      }
      if (told !== (changes ? 1 : 0)) expect([act, at, told]).toEqual([act, at, changes ? 1 : 0]);
      if (column.occupied().join() !== [...plain.values.keys()].join()) expect([act, at, column.occupied()]).toEqual([act, at, [...plain.values.keys()]]);
      if (column.size !== plain.values.size || column.dirtySize !== plain.dirty.size) expect([column.size, column.dirtySize]).toEqual([plain.values.size, plain.dirty.size]);
    }
    expect(column.dirtySlots()).toEqual([...plain.dirty]);
    expect([...plain.values.keys()].map((at) => column.at(at))).toEqual([...plain.values.values()]);
    expect([...plain.values.keys()].every((at) => column.has(at))).toBe(true);
    for (const at of [-1, 41, 999, 1_201, 200_001]) if (!plain.values.has(at)) expect(column.at(at)).toBe(MISS);
    if (marks.length === 0) expect(log.length).toBe(0);
  }), { numRuns: lawRuns(400) });
});

test('places, order and marks are what a column weighs', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  column.put(1, 'b');
  column.put(0, 'a');
  column.mark(0);
  expect(column.bytes).toBe(2 * 8 + 2 * 16 + 16);
});

test('one value far behind all others does not cost the places between', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  column.put(1_000_000, 'far');
  expect([column.at(1_000_000), column.bytes, column.sample(5)]).toEqual(['far', 48, ['far']]);
  column.delete(1_000_000);
  expect([column.at(1_000_000), column.size]).toEqual([MISS, 0]);
});

test('far values come into the array once there are enough near ones', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  const far = [5_000, 4_000, 90_000];
  for (const slotFar of far) column.put(slotFar, slotFar);
  for (let near = 0; near < 400; near += 1) column.put(near, near);
  column.put(5_001, 5_001);
  expect(column.bytes).toBeLessThan(5_100 * 8 + 20_000);
  for (const one of [...far, 5_001, 0, 399]) expect(column.at(one)).toBe(one);
  expect(column.occupied().slice(0, 4)).toEqual([5_000, 4_000, 90_000, 0]);
  column.put(90_000, 'again');
  expect([column.at(90_000), column.size]).toEqual(['again', 404]);
});

test('removing and setting again and again does not grow the order', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  column.put(1, 1);
  column.put(0, 0);
  for (let again = 0; again < 5_000; again += 1) {
    column.delete(0);
    column.put(0, 0);
    column.mark(0);
    column.unmark(0);
    column.mark(1);
  }
  expect(column.bytes).toBeLessThan(5_000);
  expect(column.occupied()).toEqual([1, 0]);
});

test('a column that was emptied begins a new order', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  for (const slotOf of [1, 0]) column.put(slotOf, slotOf);
  for (const slotOf of [0, 1]) column.delete(slotOf);
  for (const slotOf of [5, 3, 4]) column.put(slotOf, slotOf);
  expect(column.occupied()).toEqual([5, 3, 4]);
});

test('the order that a column begins anew is not written down while it is that of the slots', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  for (const slotOf of [3, 1]) {
    column.put(slotOf, slotOf);
    column.delete(slotOf);
  }
  column.put(2, 2);
  expect([column.bytes, column.occupied()]).toEqual([4 * 8, [2]]);
});

test('gaps in the order are not closed while an undo may put values back into them', () => {
  const log = new UndoLog();
  const column = new Column(new SlotIndex(), 'key', 0, log);
  for (const slotOf of [5, 3, 1]) column.put(slotOf, slotOf);
  const mark = log.open();
  for (let again = 0; again < 200; again += 1) {
    column.delete(5);
    column.put(5, again);
  }
  log.undoTo(mark);
  expect([column.occupied(), column.at(5)]).toEqual([[5, 3, 1], 5]);
});

test('when gaps were closed, each slot is found at its new place', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  for (const slotOf of [5, 3, 1]) column.put(slotOf, slotOf);
  for (let again = 0; again < 200; again += 1) {
    column.delete(5);
    column.put(5, again);
  }
  column.delete(3);
  expect(column.occupied()).toEqual([1, 5]);
});

test('a far value right behind the array is taken out, and does not come back with the next', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  column.put(5_000, 'far');
  for (let near = 0; near < 300; near += 1) column.put(near, near);
  column.put(4_999, 'last in the array');
  column.delete(5_000);
  column.put(5_001, 'next');
  expect([column.at(5_000), column.at(5_001), column.size]).toEqual([MISS, 'next', 302]);
});

test('a far value that was replaced comes back with an undo', () => {
  const log = new UndoLog();
  const column = new Column(new SlotIndex(), 'key', 0, log);
  column.put(1, 'near');
  column.put(50_000, 'far');
  const mark = log.open();
  column.put(50_000, 'other');
  log.undoTo(mark);
  expect([column.at(50_000), column.size, column.occupied()]).toEqual(['far', 2, [1, 50_000]]);
});

test('what came back by itself after it was taken out has its old place again after the undo, and what came since stays behind', () => {
  const log = new UndoLog();
  const column = new Column(new SlotIndex(), 'key', 0, log);
  for (const slotOf of [5, 3, 1]) column.put(slotOf, slotOf);
  const mark = log.open();
  column.delete(5);
  column.insert(5, 'fetched again', false);
  for (const slotOf of [4, 2]) column.insert(slotOf, 'fetched', false);
  log.undoTo(mark);
  expect([column.occupied(), column.at(5), column.size]).toEqual([[5, 3, 1, 4, 2], 5, 5]);
  column.delete(4);
  expect(column.occupied()).toEqual([5, 3, 1, 2]);
});

test('a sample is spread over the slots, and has no holes', () => {
  const column = new Column(new SlotIndex(), 'key', 0, new UndoLog());
  for (let slotOf = 0; slotOf < 100; slotOf += 1) column.put(slotOf, slotOf);
  expect(column.sample(10)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  expect(column.sample(200)).toEqual(column.occupied());
  column.delete(20);
  expect(column.sample(5)).toEqual([0, 40, 60, 80]);
});

test('values that come in the order of their slots need no list of it, and marks that are gone no places', () => {
  const slots = new SlotIndex();
  const column = new Column(slots, 'key', 0, new UndoLog());
  column.insertRun([7, 8, 9], ['a', 'b', 'c'], true);
  column.put(slots.ensure(10), 'd');
  expect([column.insertRun([11, 12], ['e', 'f'], true), column.bytes]).toEqual([2, 6 * 8]);
  for (let at = 0; at < 3; at += 1) column.mark(at);
  for (let at = 0; at < 3; at += 1) column.unmark(at);
  column.forgetClean();
  expect([column.bytes, column.size]).toEqual([0, 0]);
});
