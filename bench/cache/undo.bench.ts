import type { Cache } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { atMost, bench, growthCase, timeCase, type TimeCase } from '../harness';
import { BenchRecords, FIELD, filledCache, filledMap, idsOf, shuffled } from './sides';

const COUNT = 100_000;
const CHANGES = 10_000;

/** A journal as one writes it by hand: what was there before the first change of each value. */
type Journal = Map<Id, { readonly had: boolean; readonly value: unknown }>;

/** Taking back 10,000 changes among 100,000 values. The changes are made untimed before each call. */
const rollback: TimeCase = timeCase({
  name: 'rollback of 10,000 changes against a Map-based journal',
  target: atMost(0.15),
  clock: 'cpu',
  operations: CHANGES,
  base: () => {
    const ids = idsOf('dense', COUNT);
    const changed = shuffled(ids).slice(0, CHANGES);
    const map = filledMap(ids, [FIELD]);
    let journal = new Map<typeof FIELD, Journal>();
    return {
      before: () => {
        const own: Journal = new Map();
        journal = new Map([[FIELD, own]]);
        const inner = map.get(FIELD);
        for (const id of changed) {
          if (!own.has(id)) own.set(id, { had: inner?.has(id) === true, value: inner?.get(id) });
          inner?.set(id, -1);
        }
      },
      run: () => {
        for (const [field, own] of journal) {
          for (const [id, { had, value }] of own) {
            if (had) map.get(field)?.set(id, value);
            else map.get(field)?.delete(id);
          }
        }
      },
    };
  },
  ours: () => {
    const ids = idsOf('dense', COUNT);
    const cache = filledCache(ids, [FIELD]);
    const changed = new BenchRecords(shuffled(ids).slice(0, CHANGES));
    const values = changed.ids.map(() => -1);
    const mark = cache.openUndo();
    return { before: () => cache.update(changed, FIELD, values), run: () => cache.undoTo(mark) };
  },
});

/** The same writes with a mark open and without. The log is emptied by undoing, untimed. */
const writing: TimeCase = timeCase({
  name: 'a write with an undo mark open against one without',
  target: atMost(2),
  clock: 'cpu',
  operations: CHANGES,
  base: () => {
    const ids = idsOf('dense', COUNT);
    const cache = filledCache(ids, [FIELD]);
    const changed = shuffled(ids).slice(0, CHANGES).map((id) => new BenchRecords([id]));
    return { before: () => undefined, run: () => { for (const record of changed) cache.set(record, FIELD, -1); } };
  },
  ours: () => {
    const ids = idsOf('dense', COUNT);
    const cache = filledCache(ids, [FIELD]);
    const changed = shuffled(ids).slice(0, CHANGES).map((id) => new BenchRecords([id]));
    const mark = cache.openUndo();
    return { before: () => cache.undoTo(mark), run: () => { for (const record of changed) cache.set(record, FIELD, -1); } };
  },
});

export default bench({
  title: 'Undo',
  cases: [
    rollback,
    writing,
    growthCase({
      name: 'rollback of 1,000 changes by size of the cache',
      target: atMost(2),
      clock: 'cpu',
      sizes: [1_000, 10_000, 100_000, 1_000_000],
      operations: () => 1_000,
      ours: (size) => {
        const ids = idsOf('dense', size);
        const cache = filledCache(ids, [FIELD]);
        // Neighbours, so that the figure is ours and not that of the processor's caches.
        const changed = new BenchRecords(ids.slice(0, 1_000));
        const values = changed.ids.map(() => -1);
        const mark = cache.openUndo();
        return { before: () => cache.update(changed, FIELD, values), run: () => cache.undoTo(mark) };
      },
    }),
    growthCase({
      name: 'opening and closing a mark by size of the cache',
      target: atMost(2),
      clock: 'cpu',
      sizes: [1_000, 1_000_000],
      operations: () => 1_000,
      ours: (size) => {
        const cache: Cache = filledCache(idsOf('dense', size), [FIELD]);
        return () => { for (let at = 0; at < 1_000; at += 1) cache.closeUndo(cache.openUndo()); };
      },
    }),
  ],
});
