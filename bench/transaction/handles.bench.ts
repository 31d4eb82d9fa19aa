import { aim, atMost, bench, figureCase, timeCase, type TimeCase } from '../harness';
import { plainCities, storedCities, typed, type City } from './support/geo';

/** A value of records that are held, against the same property of plain objects. */
function warmRead(count: number): TimeCase {
  return timeCase({
    name: `a value of ${count.toLocaleString('en')} records in memory against a plain property`,
    target: aim(atMost(1.3)),
    clock: 'cpu',
    operations: 10 * count,
    base: () => {
      const cities = plainCities(count);
      return () => { let sum = 0; for (let time = 0; time < 10; time += 1) for (const city of cities) sum += city.population; return sum; };
    },
    ours: async () => {
      const { cities } = await storedCities(count);
      await cities.load(['population']);
      const held = [...typed<City>(cities)];
      return () => { let sum = 0; for (let time = 0; time < 10; time += 1) for (const city of held) sum += city.population; return sum; };
    },
  });
}

export default bench({
  title: 'Records as objects',
  cases: [
    ...[1_000, 10_000, 100_000].map(warmRead),
    timeCase({
      name: 'a value of 10,000 records in memory against Map.get',
      target: aim(atMost(3)),
      clock: 'cpu',
      operations: 100_000,
      base: () => {
        const ids = Array.from({ length: 10_000 }, (_, n) => n + 1);
        const values = new Map(ids.map((id) => [id, id % 1_000]));
        return () => { let sum = 0; for (let time = 0; time < 10; time += 1) for (const id of ids) sum += values.get(id) ?? 0; return sum; };
      },
      ours: async () => {
        const { cities } = await storedCities(10_000);
        await cities.load(['population']);
        const held = [...typed<City>(cities)];
        return () => { let sum = 0; for (let time = 0; time < 10; time += 1) for (const city of held) sum += city.population; return sum; };
      },
    }),
    figureCase({
      name: 'an environment of equal arguments is found again: lookups of 1,000 that make a new one',
      unit: 'environments',
      target: atMost(0),
      measure: async () => {
        const { tx } = await storedCities(10);
        const first = tx.env.withContext({ lang: 'fr', allowedCompanyIds: [1, 2] });
        let others = 0;
        for (let time = 0; time < 1_000; time += 1) if (tx.env.withContext({ allowedCompanyIds: [1, 2], lang: 'fr' }) !== first) others += 1;
        return others;
      },
    }),
  ],
});
