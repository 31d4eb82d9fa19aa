import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import Knex from 'knex';

const require = createRequire(import.meta.url);
// Its entities are generated from the database; ts-node, with which the benches run, reads them.
const folder = fileURLToPath(new URL('../generated/joist/', import.meta.url));
const CONFIG = {
  entitiesDirectory: './entities',
  createFlushFunction: false,
  ignoredTables: ['city_seed', 'ormolu_log', 'ormolu_dropped', 'ormolu_log_trim'],
  entities: { Country: { tag: 'country' }, State: { tag: 'state' }, City: { tag: 'city', fields: { displayName: { derived: 'async' } } } },
};
const CITY = `import { hasPersistedAsyncProperty, PersistedAsyncProperty } from 'joist-orm';
import { CityCodegen } from './entities';

export class City extends CityCodegen {
  readonly displayName: PersistedAsyncProperty<City, string> = hasPersistedAsyncProperty('displayName', { name: {}, country: 'name' }, (city) => \`\${city.name}, \${city.country.get.name}\`);
}
`;

let knex;
let driver;
let City;
let Country;
let Entities;
const entityManager = () => new Entities.EntityManager({}, driver);
const load = (em, n) => em.find(City, { id: { lte: n } });

export default {
  name: 'Joist 1.50.1',
  async open(url) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(`${folder}entities`, { recursive: true });
    writeFileSync(`${folder}joist-config.json`, JSON.stringify(CONFIG));
    writeFileSync(`${folder}entities/City.ts`, CITY);
    knex = Knex({ client: 'pg', connection: url, pool: { min: 0, max: 4 } });
    // What has a code and a name is an enum to it: the column is called otherwise while it looks.
    const rename = async (from, to) => { for (const table of ['country', 'state', 'city']) await knex.raw(`alter table ${table} rename column ${from} to ${to}`); };
    await rename('code', 'kode');
    try {
      execFileSync(process.execPath, [require.resolve('joist-codegen')], { cwd: folder, env: { ...process.env, DATABASE_URL: url }, stdio: 'pipe' });
    } finally {
      await rename('kode', 'code');
    }
    for (const file of readdirSync(`${folder}entities`)) writeFileSync(`${folder}entities/${file}`, readFileSync(`${folder}entities/${file}`, 'utf8').replaceAll('kode', 'code'));
    const { PostgresDriver, setEntityLimit } = require('joist-orm');
    // Its guard against loading too many at once.
    setEntityLimit(1_000_000);
    Entities = require(`${folder}entities/entities`);
    ({ City, Country } = Entities);
    driver = new PostgresDriver(knex);
  },
  close: () => knex.destroy(),
  async load(n) {
    const em = entityManager();
    await load(em, n);
    return em;
  },
  async change(n, changed, clock) {
    const em = entityManager();
    const cities = await load(em, n);
    clock.start();
    for (const city of cities) city.set(changed(Number(city.idUntagged)));
    await em.flush();
  },
  async insert(rows, clock) {
    const em = entityManager();
    clock.start();
    for (const { display_name: _, state, country, ...row } of rows) em.create(City, { ...row, state: `state:${state}`, country: `country:${country}` });
    await em.flush();
  },
  async walk(n) {
    const em = entityManager();
    let length = 0;
    for (const city of await load(em, n)) {
      const state = await city.state.load();
      const country = await state.country.load();
      length += city.name.length + state.name.length + country.name.length;
    }
    return length;
  },
  // Each read looks through the identity map.
  reads: 500,
  async read(n, clock) {
    const em = entityManager();
    await load(em, n);
    clock.start();
    let sum = 0;
    for (const wanted of clock.ids(n, this.reads)) sum += (await em.load(City, `city:${wanted}`)).population;
    return sum;
  },
  async rename(wanted, name) {
    const em = entityManager();
    (await em.load(Country, `country:${wanted}`)).name = name;
    await em.flush();
  },
  undo: () => Promise.reject(new Error('it has no savepoints')),
};
