import { aim, atMost, bench, figureCase, timeCase, type TimeCase } from '../harness';
import { plainCities, storedCities, typed, type City } from './support/geo';

const SIZES = [1_000, 10_000, 20_000, 100_000];

/** Three hops: the state of each city, the country of that, and its code. */
function walk(cities: Iterable<City>): number {
  let sum = 0;
  for (const city of cities) sum += city.state.country.code;
  return sum;
}

/** The same, row by row: of a loop over the array's own iterator it is chance whether V8 makes of it this or one that is five times as slow. */
function walkRows(cities: readonly City[]): number {
  let sum = 0;
  for (let row = 0; row < cities.length; row += 1) sum += (cities[row] as City).state.country.code; // a row before the end
  return sum;
}

/** `env.run` over records that are all in memory, against the same loop over an array of plain objects linked by references. */
function hits(count: number): TimeCase {
  return timeCase({
    name: `three hops over ${count.toLocaleString('en')} rows in memory, env.run against a bare array loop`,
    target: atMost(2.5),
    clock: 'cpu',
    operations: count,
    base: () => {
      const cities = plainCities(count);
      return () => walkRows(cities);
    },
    ours: async () => {
      const { tx, cities } = await storedCities(count);
      await cities.load(['state.country.code']);
      return () => tx.run(() => walk(typed<City>(cities)));
    },
  });
}

export default bench({
  title: 'Suspension: plain code in env.run',
  cases: [
    ...SIZES.map(hits),
    timeCase({
      name: 'the same 20,000 rows, env.run against values by id in three Maps',
      target: atMost(2.5),
      clock: 'cpu',
      operations: 20_000,
      base: () => {
        const cities = plainCities(20_000);
        const states = new Map<number, number>();
        const countries = new Map<number, number>();
        const codes = new Map<number, number>();
        for (const [n, city] of cities.entries()) {
          states.set(n, Number(city.state.name.slice(6)));
          countries.set(Number(city.state.name.slice(6)), city.state.country.code);
          codes.set(city.state.country.code, city.state.country.code);
        }
        const ids = [...states.keys()];
        return () => {
          let sum = 0;
          for (const id of ids) sum += codes.get(countries.get(states.get(id) ?? 0) ?? 0) ?? 0;
          return sum;
        };
      },
      ours: async () => {
        const { tx, cities } = await storedCities(20_000);
        await cities.load(['state.country.code']);
        return () => tx.run(() => walk(typed<City>(cities)));
      },
    }),
    timeCase({
      name: 'the same 20,000 rows, env.run against plain reads after load',
      target: aim(atMost(1.6)),
      clock: 'cpu',
      operations: 20_000,
      base: async () => {
        const { cities } = await storedCities(20_000);
        await cities.load(['state.country.code']);
        return () => walk(typed<City>(cities));
      },
      ours: async () => {
        const { tx, cities } = await storedCities(20_000);
        await cities.load(['state.country.code']);
        return () => tx.run(() => walk(typed<City>(cities)));
      },
    }),
    timeCase({
      name: 'the same 20,000 rows, plain reads after load against a bare array loop',
      clock: 'cpu',
      operations: 20_000,
      base: () => {
        const cities = plainCities(20_000);
        return () => walkRows(cities);
      },
      ours: async () => {
        const { cities } = await storedCities(20_000);
        await cities.load(['state.country.code']);
        return () => walk(typed<City>(cities));
      },
    }),
    ...SIZES.map((count) => figureCase({
      name: `rounds for three hops over ${count.toLocaleString('en')} rows, nothing in memory`,
      unit: 'statements',
      target: atMost(3),
      measure: async () => {
        const { tx, cities, session } = await storedCities(count);
        const before = session.statements;
        await tx.run(() => walk(typed<City>(cities)));
        return session.statements - before;
      },
    })),
  ],
});
