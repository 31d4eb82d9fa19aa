import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Cache, type CacheField } from '@ormolu/cache';
import { environmentOf, TestRecords } from '@ormolu/cache/testing';
import { UndoLog } from '../src/undo-log';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // what the flag puts there

/** Bytes held once nothing waits to be collected. */
async function settled(): Promise<number> {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise(setImmediate);
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const fields = Array.from({ length: 10 }, (_, at): CacheField => ({ model: 'city', name: `f${at}`, dependsContext: at === 9 ? ['lang'] : [] }));

function fillAndUse(cache: Cache, round: number): void {
  const ids = Array.from({ length: 20_000 }, (_, at) => (round % 2 === 0 ? at + 1 : `city-${at}`));
  const records = new TestRecords('city', ids, environmentOf({ lang: round }));
  const mark = cache.openUndo();
  for (const field of fields) cache.update(records, field, ids.map((id) => ({ id })), { dirty: true });
  cache.undoTo(mark);
  cache.closeUndo(mark);
  for (const field of fields) cache.insertMissing(records, field, ids.map((id) => ({ id })));
}

test('after clearing, and after invalidating, what was held is given back, cycle after cycle', async () => {
  const cache = new Cache();
  fillAndUse(cache, 0);
  cache.clear();
  const start = await settled();
  for (let round = 0; round < 4; round += 1) {
    fillAndUse(cache, round);
    expect(await settled()).toBeGreaterThan(start + 8_000_000);
    cache.clear();
    expect(await settled()).toBeLessThan(start + 500_000);
  }
  fillAndUse(cache, 0);
  cache.invalidate();
  // Slots stay until clear: an id each, and its place in the window.
  expect(await settled()).toBeLessThan(start + 20_000 * 100);
});

test('nothing is kept of field objects that were thrown away', async () => {
  const cache = new Cache();
  const record = new TestRecords('city', [1], environmentOf({}));
  const start = await settled();
  for (let call = 0; call < 50_000; call += 1) cache.set(record, { model: 'city', name: 'f0', dependsContext: [] }, call);
  expect(await settled()).toBeLessThan(start + 3_000_000);
});

test('room that many changes took is given back when the last mark is closed', async () => {
  const log = new UndoLog();
  const nobody = { revert: () => undefined };
  const noteMany = () => {
    const mark = log.open();
    for (let slot = 0; slot < 400_000; slot += 1) log.note(nobody, slot, slot);
    return mark;
  };
  const start = await settled();
  for (const end of ['close', 'undoAndClose'] as const) {
    const mark = noteMany();
    expect(await settled()).toBeGreaterThan(start + 5_000_000);
    log[end](mark);
    expect([log.length, await settled() < start + 500_000]).toEqual([0, true]);
  }
});

/** Objects made and handed over by a function that has returned, so that no variable of the test holds them. */
function noted(log: UndoLog, count: number): WeakRef<object>[] {
  return Array.from({ length: count }, (_, slot) => {
    const [changed, old] = [{ revert: () => undefined }, {}];
    log.note(changed, slot, old);
    return [new WeakRef<object>(changed), new WeakRef<object>(old)];
  }).flat();
}

const held = (references: readonly WeakRef<object>[]): number => references.filter((reference) => reference.deref() !== undefined).length;

test('what was noted for an undo is kept until then, and no longer', async () => {
  const log = new UndoLog();
  const outer = log.open();
  const kept = noted(log, 3);
  const inner = log.open();
  const references = noted(log, 100);
  await settled();
  expect([log.length, held(references)]).toEqual([103, 200]);
  log.undoTo(inner);
  await settled();
  expect([log.length, held(kept), held(references)]).toEqual([3, 6, 0]);
  log.close(outer);
  await settled();
  expect([log.length, held(kept)]).toEqual([0, 0]);
});

test.each([1_000, 5_000])('of %i changes that were taken back nothing is kept, whether marks are open around them or not', async (count) => {
  const log = new UndoLog();
  const alone = log.open();
  const references = noted(log, count);
  log.undoAndClose(alone);
  await settled();
  expect([log.length, held(references)]).toEqual([0, 0]);
  const outer = log.open();
  const kept = noted(log, 3);
  const inner = log.open();
  const others = noted(log, count);
  log.undoAndClose(inner);
  await settled();
  expect([log.length, held(kept), held(others)]).toEqual([3, 6, 0]);
  log.close(outer);
  await settled();
  expect([log.length, held(kept)]).toEqual([0, 0]);
});
