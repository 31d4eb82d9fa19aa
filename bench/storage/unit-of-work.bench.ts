import { aim, atMost, bench, figureCase, settledBytes, timeCase, type Timed } from '../harness';
import { byHand, byUs, CITY_FIELDS, ids, type World } from './support/open-world';

const COLUMNS = 'name, code, state, country, population, lat, lon, display_name';
const ROWS = 100_000;
const UPDATE = 'update city t set code = u.a, population = u.b from unnest($1::int4[], $2::text[], $3::int4[]) as u(i, a, b) where t.id = u.i';

/** Rounds that each begin at the same savepoint; what a round did is taken back before the next, in database and memory. */
function undoing(env: World, run: () => Promise<unknown>, close: () => Promise<void>, between: () => void = () => undefined): Timed {
  let point: { rollback(): Promise<void> } | undefined;
  return {
    run,
    before: async () => {
      await point?.rollback();
      between();
      point = await env.transaction.savepoint();
    },
    close: async () => {
      await point?.rollback();
      await close();
    },
  };
}

/** The same by hand. */
async function handUndoing({ client, close }: Awaited<ReturnType<typeof byHand>>, run: () => Promise<unknown>): Promise<Timed> {
  await client.query('savepoint s');
  return { run, before: () => client.query('rollback to savepoint s'), close };
}

let salt = 0;

/** Statements of one piece of work in a transaction that stays open. */
const statementsOf = (cities: number, ofFirst: number, work: (env: World) => Promise<unknown>) => async (): Promise<number> => {
  const { env, statements, close } = await byUs(cities, ofFirst);
  const before = statements();
  await work(env);
  const after = statements();
  await close();
  return after - before;
};

async function walk(env: World, count: number): Promise<number> {
  const cities = env.model('city').browse(ids(count));
  return env.run(() => {
    let length = 0;
    for (const city of cities) length += (city.name?.length ?? 0) + (city.state?.name?.length ?? 0) + (city.state?.country?.name?.length ?? 0);
    return length;
  });
}

async function assign(env: World, count: number): Promise<void> {
  salt += 1;
  for (const city of env.model('city').browse(ids(count))) {
    city.code = `N${String(salt)}`.slice(0, 9) + String(city.id);
    city.population = (city.population ?? 0) + salt;
  }
  await env.flush();
}

export default bench({
  needsServers: true,
  title: 'PostgreSQL: the unit of work beside hand-written statements on pg',
  cases: [
    timeCase({
      name: 'load 100,000 × 8 into the cache, ready for tracking (base: rows of pg)',
      target: aim(atMost(1)),
      operations: ROWS,
      base: async () => {
        const { client, close } = await byHand(ROWS);
        const list = ids(ROWS);
        return { run: () => client.query(`select id, ${COLUMNS} from city where id = any($1::int4[])`, [list]), close };
      },
      ours: async () => {
        const { env, close } = await byUs(ROWS);
        const cities = env.model('city').browse(ids(ROWS));
        return { run: () => cities.load([...CITY_FIELDS]), before: () => { env.transaction.clear(); }, close };
      },
    }),
    figureCase({
      name: 'bytes a clean value, 100,000 × 8 loaded',
      target: aim(atMost(20)),
      unit: 'bytes',
      rounds: 5,
      measure: async () => {
        // The local cache would hold the same texts, and take them on its account.
        const { env, close } = await byUs(ROWS, 0, { localCache: false });
        const list = ids(ROWS);
        // The first time pays for compiled code.
        await env.model('city').browse(list).load([...CITY_FIELDS]);
        env.transaction.clear();
        // What an environment remembers of the cache before is let go when it is used again.
        await env.model('country').browse(1).load(['name']);
        const before = await settledBytes();
        await env.model('city').browse(list).load([...CITY_FIELDS]);
        const after = await settledBytes();
        await close();
        return (after - before) / (ROWS * CITY_FIELDS.length);
      },
    }),
    ...[10_000, ROWS].map((count) => timeCase({
      name: `change 2 fields of ${count.toLocaleString('en')} loaded records, differing values, and flush`,
      target: aim(atMost(1.2)),
      operations: count,
      base: async () => {
        const side = await byHand(ROWS);
        const list = ids(count);
        return handUndoing(side, () => side.client.query(UPDATE, [list, list.map((id) => `N${String(id)}`), list]));
      },
      ours: async () => {
        const { env, close } = await byUs(ROWS);
        await env.model('city').browse(ids(ROWS)).load([...CITY_FIELDS]);
        return undoing(env, () => assign(env, count), close);
      },
    })),
    timeCase({
      name: 'write one value to 100,000 loaded records, and flush',
      target: aim(atMost(1.2)),
      operations: ROWS,
      base: async () => {
        const side = await byHand(ROWS);
        const list = ids(ROWS);
        return handUndoing(side, () => side.client.query('update city set population = $2 where id = any($1::int4[])', [list, 7]));
      },
      ours: async () => {
        const { env, close } = await byUs(ROWS);
        const cities = env.model('city').browse(ids(ROWS));
        await cities.load(['population']);
        return undoing(env, async () => {
          await cities.write({ population: 7 });
          await env.flush();
        }, close);
      },
    }),
    ...[10_000, ROWS].map((count) => timeCase({
      name: `create ${count.toLocaleString('en')} × 7 (base: INSERT … SELECT FROM unnest)`,
      target: aim(atMost(1.3)),
      operations: count,
      base: () => insertByHand(count),
      ours: async () => {
        const { env, close } = await byUs(0);
        const values = rowsOf(count).map((row) => ({ ...row, state: 1, country: 1 }));
        // A transaction that has just begun knows no records; ids taken back are known still.
        return undoing(env, () => env.model('city').create(values), close, () => { env.transaction.clear(); });
      },
    })),
    ...[10_000, ROWS].map((count) => timeCase({
      name: `insert ${count.toLocaleString('en')} × 7 by the session alone, what create is given to do`,
      target: aim(atMost(1.3)),
      operations: count,
      base: () => insertByHand(count),
      ours: async () => {
        const { env, close } = await byUs(0);
        const rows = { model: 'city', count, fields: ['name', 'code', 'population', 'lat', 'lon', 'state', 'country'], columns: [...columnsOf(count), ids(count).map(() => 1), ids(count).map(() => 1)] };
        return undoing(env, () => env.transaction.session.insert(rows), close);
      },
    })),
    timeCase({
      name: 'flush of one change among 100,000 loaded records (base: the UPDATE)',
      target: aim(atMost(1.5)),
      operations: 50,
      base: async () => {
        const side = await byHand(ROWS);
        return handUndoing(side, async () => {
          for (let id = 1; id <= 50; id += 1) await side.client.query('update city set population = $2 where id = $1', [id, id]);
        });
      },
      ours: async () => {
        const { env, close } = await byUs(ROWS);
        await env.model('city').browse(ids(ROWS)).load([...CITY_FIELDS]);
        return undoing(env, async () => {
          for (let id = 1; id <= 50; id += 1) {
            env.model('city').browse(id).population = -id;
            await env.flush();
          }
        }, close);
      },
    }),
    timeCase({
      name: 'rollback of 10,000 flushed changes to a savepoint (base: UPDATE, rollback, a Map put back)',
      target: aim(atMost(1.5)),
      operations: 10_000,
      base: async () => {
        const { client, close } = await byHand(ROWS);
        const list = ids(10_000);
        const rows = new Map(list.map((id) => [id, { code: `C${String(id)}`, population: id }]));
        return {
          run: async () => {
            const journal: (readonly [number, { code: string; population: number }])[] = [];
            await client.query('savepoint r');
            for (const id of list) {
              const row = rows.get(id) ?? { code: '', population: 0 };
              journal.push([id, { ...row }]);
              row.code = `N${String(id)}`;
              row.population += 1;
            }
            await client.query(UPDATE, [list, list.map((id) => rows.get(id)?.code), list.map((id) => rows.get(id)?.population)]);
            await client.query('rollback to savepoint r');
            for (const [id, row] of journal.reverse()) rows.set(id, row);
          },
          close,
        };
      },
      ours: async () => {
        const { env, close } = await byUs(ROWS);
        await env.model('city').browse(ids(ROWS)).load([...CITY_FIELDS]);
        return {
          run: async () => {
            const point = await env.transaction.savepoint();
            await assign(env, 10_000);
            await point.rollback();
          },
          close,
        };
      },
    }),
    timeCase({
      name: 'walk 20,000 cities to state and country, cold, as first written (base: 3 statements and Maps)',
      target: aim(atMost(2)),
      operations: 20_000,
      base: async () => {
        const { client, close } = await byHand(20_000);
        return {
          run: async () => {
            const { rows: cities } = await client.query<{ id: number; name: string; state: number }>('select id, name, state from city where id = any($1)', [ids(20_000)]);
            const { rows: states } = await client.query<{ id: number; name: string; country: number }>('select id, name, country from state where id = any($1)', [[...new Set(cities.map(({ state }) => state))]]);
            const { rows: countries } = await client.query<{ id: number; name: string }>('select id, name from country where id = any($1)', [[...new Set(states.map(({ country }) => country))]]);
            const [stateOf, countryOf] = [new Map(states.map((row) => [row.id, row])), new Map(countries.map((row) => [row.id, row]))];
            let length = 0;
            for (const city of cities) {
              const state = stateOf.get(city.state);
              length += city.name.length + (state?.name.length ?? 0) + (countryOf.get(state?.country ?? 0)?.name.length ?? 0);
            }
            return length;
          },
          close,
        };
      },
      ours: async () => {
        // Or the first round would warm the others.
        const { env, close } = await byUs(20_000, 0, { localCache: false });
        return { run: () => walk(env, 20_000), before: () => { env.transaction.clear(); }, close };
      },
    }),
    ...[10_000, ROWS].map((count) => timeCase({
      name: `rename a country, ${count.toLocaleString('en')} loaded cities with stored names follow`,
      target: aim(atMost(2.5)),
      operations: count,
      base: async () => {
        const side = await byHand(ROWS, count);
        return handUndoing(side, async () => {
          await side.client.query("update country set name = 'Renamed' where id = 1");
          await side.client.query("update city set display_name = name || ', Renamed' where country = 1");
        });
      },
      ours: async () => {
        const { env, close } = await byUs(ROWS, count);
        const country = await env.model('country').browse(1).load(['name']);
        await env.model('city').browse(ids(count)).load([...CITY_FIELDS]);
        return undoing(env, async () => {
          salt += 1;
          await country.write({ name: `Renamed ${String(salt)}` });
          await env.flush();
        }, close);
      },
    })),
    figureCase({ name: 'statements: 10,000 changes with distinct values (one more for COMMIT)', target: aim(atMost(1)), unit: 'statements', rounds: 5, measure: async () => {
      const { env, statements, close } = await byUs(10_000);
      await env.model('city').browse(ids(10_000)).load([...CITY_FIELDS]);
      const before = statements();
      await assign(env, 10_000);
      const after = statements();
      await close();
      return after - before;
    } }),
    figureCase({ name: 'statements: walk 20,000 cities to state and country', target: aim(atMost(3)), unit: 'statements', rounds: 5, measure: statementsOf(20_000, 0, (env) => walk(env, 20_000)) }),
  ],
});

async function insertByHand(count: number): Promise<Timed> {
  const side = await byHand(0);
  const columns = columnsOf(count);
  return handUndoing(side, () => side.client.query('insert into city (name, code, population, lat, lon, state, country) select *, 1, 1 from unnest($1::text[], $2::text[], $3::int4[], $4::float8[], $5::float8[]) returning id', columns));
}

function columnsOf(count: number): unknown[][] {
  const rows = rowsOf(count);
  return [rows.map(({ name }) => name), rows.map(({ code }) => code), rows.map(({ population }) => population), rows.map(({ lat }) => lat), rows.map(({ lon }) => lon)];
}

function rowsOf(count: number): { name: string; code: string; population: number; lat: number; lon: number }[] {
  return Array.from({ length: count }, (_, n) => ({ name: `City ${String(n)}`, code: `C${String(n % 250)}`, population: (n * 7919) % 10_000_000, lat: n % 90, lon: n % 180 }));
}
