import { atMost, bench, figureCase, timeCase, type TimeCase } from '../harness';
import { storedCities, typed, type City } from './support/geo';

const CHANGES = 10_000;

/** Which records change: some here, some there, the same on both sides. */
function scattered(count: number, changes: number): number[] {
  let state = 42;
  const ids = Array.from({ length: count }, (_, n) => n);
  for (let place = 0; place < changes; place += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = place + (state % (count - place));
    [ids[place], ids[other]] = [ids[other] ?? 0, ids[place] ?? 0];
  }
  return ids.slice(0, changes);
}

interface Before { readonly had: boolean; readonly value: unknown; readonly wasPending: boolean }

/**
 * A Map of values, a Set of what waits to be written, and a Map of what was there before the first change of each, as one writes them by hand.
 * Without the Set it would take back less than a transaction must: what is undone is not to be written.
 */
function journalled(count: number, changes: number): { readonly change: () => void; readonly rollBack: () => void } {
  const values = new Map(Array.from({ length: count }, (_, n) => [n, n] as const));
  const pending = new Set<number>();
  const changed = scattered(count, changes);
  let journal = new Map<number, Before>();
  return {
    change: () => {
      journal = new Map();
      for (const id of changed) {
        if (!journal.has(id)) journal.set(id, { had: values.has(id), value: values.get(id), wasPending: pending.has(id) });
        values.set(id, -1);
        pending.add(id);
      }
    },
    rollBack: () => {
      for (const [id, { had, value, wasPending }] of journal) {
        if (had) values.set(id, value as number);
        else values.delete(id);
        if (!wasPending) pending.delete(id);
      }
    },
  };
}

/** Cities in memory, and the records that change. */
async function changing(count: number, changes: number): Promise<Awaited<ReturnType<typeof storedCities>> & { readonly held: readonly City[] }> {
  const stored = await storedCities(count);
  await stored.cities.load(['population']);
  const all = [...typed<City>(stored.cities)];
  return { ...stored, held: scattered(count, changes).flatMap((n) => all[n] ?? []) };
}

const named = (count: number): string => `${Math.min(CHANGES, count).toLocaleString('en')} changes among ${count.toLocaleString('en')} records`;

/** What a rollback does to memory, against a journal, which is in memory, too. */
function rollback(count: number): TimeCase {
  const changes = Math.min(CHANGES, count);
  return timeCase({
    name: `rollback of ${named(count)} in memory against a Map-based journal`,
    target: atMost(0.15),
    clock: 'cpu',
    operations: changes,
    base: () => {
      const { change, rollBack } = journalled(count, changes);
      return { before: change, run: rollBack };
    },
    ours: async () => {
      const { tx, held } = await changing(count, changes);
      let checkpoint = tx.undo.checkpoint();
      tx.undo.keep(checkpoint);
      return {
        before: () => {
          checkpoint = tx.undo.checkpoint();
          for (const city of held) city.population = -1;
        },
        run: () => { tx.undo.undo(checkpoint); },
      };
    },
  });
}

/** A rollback of the engine's savepoint against a journal and the same savepoint of the same storage, by hand. */
function savepoint(count: number): TimeCase {
  const changes = Math.min(CHANGES, count);
  return timeCase({
    name: `rollback of a savepoint with ${named(count)} against a journal and the storage's own savepoint`,
    clock: 'cpu',
    operations: changes,
    base: async () => {
      const { change, rollBack } = journalled(count, changes);
      const { session } = await storedCities(count);
      let point = await session.savepoint();
      return {
        before: async () => {
          point = await session.savepoint();
          change();
        },
        run: async () => {
          await session.rollbackTo(point);
          rollBack();
        },
      };
    },
    ours: async () => {
      const { tx, held } = await changing(count, changes);
      let point = await tx.savepoint();
      return {
        before: async () => {
          point = await tx.savepoint();
          for (const city of held) city.population = -1;
        },
        run: () => point.rollback(),
      };
    },
  });
}

export default bench({
  title: 'Savepoints',
  cases: [
    ...[1_000, 10_000, 100_000].map(rollback),
    ...[1_000, 100_000].map(savepoint),
    timeCase({
      name: '10,000 assignments with a savepoint open against without',
      target: atMost(2),
      clock: 'cpu',
      operations: CHANGES,
      base: async () => {
        const { tx, cities } = await storedCities(CHANGES);
        await cities.load(['population']);
        const held = [...typed<City>(cities)];
        return { before: () => { tx.cache.clearDirty(cities, tx.registry.field('city', 'population')); }, run: () => { for (const [n, city] of held.entries()) city.population = n + 1; for (const [n, city] of held.entries()) city.population = n; } };
      },
      ours: async () => {
        const { tx, cities } = await storedCities(CHANGES);
        await cities.load(['population']);
        const held = [...typed<City>(cities)];
        let savepoint = await tx.savepoint();
        return {
          before: async () => {
            await savepoint.rollback();
            savepoint = await tx.savepoint();
          },
          run: () => { for (const [n, city] of held.entries()) city.population = n + 1; for (const [n, city] of held.entries()) city.population = n; },
        };
      },
    }),
    figureCase({
      name: 'statements of a savepoint and its rollback, 10,000 changes',
      unit: 'statements',
      target: atMost(2),
      measure: async () => {
        const { tx, cities, session } = await storedCities(CHANGES);
        await cities.load(['population']);
        const before = session.statements;
        const savepoint = await tx.savepoint();
        for (const city of typed<City>(cities)) city.population = -1;
        await savepoint.rollback();
        return session.statements - before;
      },
    }),
  ],
});
