// Ormolu, from its sources.
import { createRequire } from 'node:module';
import { models } from '../models.mjs';

const { openOrmolu, postgres } = createRequire(new URL('../../package.json', import.meta.url))('ormolu');
const FIELDS = ['name', 'code', 'state', 'country', 'population', 'lat', 'lon', 'displayName'];
const ids = (n) => Array.from({ length: n }, (_, place) => place + 1);
let db;

export default {
  name: 'Ormolu',
  async open(url) { db = await openOrmolu({ models, storage: postgres({ connectionString: url, max: 4 }) }); },
  close: () => db.close(),
  statements: () => db.stats().statements,
  load: (n) => db.transaction(async (env) => env.model('city').browse(ids(n)).load(FIELDS)),
  change: (n, changed, clock) => db.transaction(async (env) => {
    const cities = await env.model('city').browse(ids(n)).load(FIELDS);
    clock.start();
    for (const city of cities) Object.assign(city, changed(city.id));
  }),
  insert: (rows, clock) => {
    const values = rows.map(({ display_name: displayName, ...row }) => ({ ...row, displayName }));
    clock.start();
    return db.transaction(async (env) => { await env.model('city').create(values); });
  },
  walk: (n) => db.transaction((env) => env.run(() => {
    let length = 0;
    for (const city of env.model('city').browse(ids(n))) length += city.name.length + city.state.name.length + city.state.country.name.length;
    return length;
  })),
  reads: 1_000_000,
  read(n, clock) {
    return db.transaction(async (env) => {
      await env.model('city').browse(ids(n)).load(FIELDS);
      const wanted = clock.ids(n, this.reads);
      const city = env.model('city');
      clock.start();
      let sum = 0;
      for (const id of wanted) sum += city.browse(id).population;
      clock.stop();
      return sum;
    });
  },
  rename: (id, name) => db.transaction(async (env) => { await env.model('country').browse(id).write({ name }); }),
  undo: (n, changed, clock) => db.transaction(async (env) => {
    const cities = await env.model('city').browse(ids(n)).load(FIELDS);
    clock.start();
    const point = await env.transaction.savepoint();
    for (const city of cities) city.population = changed(city.id).population;
    await env.flush();
    await point.rollback();
    clock.stop();
    return [...cities].map((city) => [city.id, city.population]);
  }),
};
