import { createDatabase } from '@ormolu/test-support';
import { char, defineModels, float, integer, many2one, openOrmolu, postgres, type EnvironmentOf } from 'ormolu';
import { Client } from 'pg';

/** Cities with eight columns, one of them computed from the country's name and stored. */
export const models = defineModels({
  country: { name: char() },
  state: { name: char(), country: many2one('country') },
  city: {
    name: char(), code: char(), state: many2one('state'), country: many2one('country'), population: integer(), lat: float(), lon: float(),
    displayName: char({ store: true }),
  },
}).compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name ?? ''}, ${city.country?.name ?? ''}`);

export const CITY_FIELDS = ['name', 'code', 'state', 'country', 'population', 'lat', 'lon', 'displayName'] as const;
export type World = EnvironmentOf<typeof models>;

const COUNTRIES = 250;
const STATES = 3879;

/** A database of its own with so many cities; those of country 1 first, as many as asked. */
export interface Filled {
  readonly url: string;
  readonly drop: () => Promise<void>;
}

/** @param ofFirst - how many cities belong to country 1, which no other city does @param changeLog - how changes get into the change log */
export async function filled(cities: number, ofFirst = 0, changeLog: 'triggers' | false = 'triggers'): Promise<Filled> {
  const { url, drop } = await createDatabase();
  const db = await openOrmolu({ models, storage: postgres(url, { changeLog }) });
  await db.migrate();
  await db.close();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`insert into country (name) select 'Country ' || n from generate_series(1, ${COUNTRIES}) n`);
  await client.query(`insert into state (name, country) select 'State ' || n, n % ${COUNTRIES} + 1 from generate_series(1, ${STATES}) n`);
  await client.query(`insert into city (name, code, state, country, population, lat, lon, display_name)
    select 'City ' || n, 'C' || n % 250, n % ${STATES} + 1, case when n <= ${ofFirst} then 1 else n % ${COUNTRIES - 1} + 2 end, n * 7919 % 10000000, n * 37 % 18000 / 100.0 - 90, n * 53 % 36000 / 100.0 - 180,
      'City ' || n || ', Country ' || case when n <= ${ofFirst} then 1 else n % ${COUNTRIES - 1} + 2 end
    from generate_series(1, ${cities}) n`);
  await client.query('vacuum analyze');
  await client.end();
  return { url, drop };
}

/** Hand-written `pg` inside an open transaction, on tables without the triggers of the change log: what they cost is a cost of ours. */
export async function byHand(cities: number, ofFirst = 0): Promise<{ readonly client: Client; readonly close: () => Promise<void> }> {
  const { url, drop } = await filled(cities, ofFirst, false);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin isolation level repeatable read');
  return {
    client,
    close: async () => {
      await client.end();
      await drop();
    },
  };
}

/** The façade, and an environment of a transaction that stays open. @param options - `localCache: false`: nothing is remembered when the transaction forgets it */
export async function byUs(cities: number, ofFirst = 0, options: { readonly localCache?: false } = {}): Promise<{ readonly env: World; readonly statements: () => number; readonly close: () => Promise<void> }> {
  const { url, drop } = await filled(cities, ofFirst);
  const db = await openOrmolu({ models, storage: postgres(url), ...options });
  let end: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  let over: Promise<void> = Promise.resolve();
  const env = await new Promise<World>((resolve, reject) => {
    over = db.transaction(async (opened) => {
      await opened.model('country').count({});
      resolve(opened);
      await held;
      throw new Over();
    }).catch((error: unknown) => {
      if (!(error instanceof Over)) reject(new Error('The transaction could not be held open.', { cause: error }));
    });
  });
  return {
    env, statements: () => db.stats().statements,
    close: async () => {
      end();
      await over;
      await db.close();
      await drop();
    },
  };
}

class Over extends Error {}

/** So many ids, from 1. */
export const ids = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
