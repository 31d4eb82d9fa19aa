import { EntitySchema, MikroORM, wrap } from '@mikro-orm/postgresql';

class Country {}
class State {}
class City {}
class Back extends Error {}
const id = { type: 'number', primary: true };
const [text, number, real] = [{ type: 'string' }, { type: 'number' }, { type: 'float' }];
const to = (entity, fieldName) => ({ kind: 'm:1', entity: () => entity, fieldName });
const entities = [
  new EntitySchema({ class: Country, tableName: 'country', properties: { id, code: text, name: text } }),
  new EntitySchema({ class: State, tableName: 'state', properties: { id, code: text, name: text, country: to(Country, 'country') } }),
  new EntitySchema({
    class: City, tableName: 'city',
    properties: { id, name: text, code: text, state: to(State, 'state'), country: to(Country, 'country'), population: number, lat: real, lon: real, displayName: { ...text, fieldName: 'display_name' } },
  }),
];
const namesFollow = {
  async onFlush({ em, uow }) {
    for (const { entity, type, payload } of uow.getChangeSets()) {
      if (!(entity instanceof Country) || type !== 'update' || !('name' in payload)) continue;
      for (const city of await em.find(City, { country: entity.id })) {
        city.displayName = `${city.name}, ${entity.name}`;
        uow.computeChangeSet(city);
      }
    }
  },
};
let orm;
const load = (em, n) => em.find(City, { id: { $lte: n } });

export default {
  name: 'MikroORM 6.6.16',
  async open(clientUrl) {
    orm = await MikroORM.init({ clientUrl, entities, subscribers: [namesFollow], pool: { min: 0, max: 4 }, discovery: { disableDynamicFileAccess: true } });
  },
  close: () => orm.close(true),
  async load(n) {
    const em = orm.em.fork();
    await load(em, n);
    return em;
  },
  async change(n, changed, clock) {
    const em = orm.em.fork();
    const cities = await load(em, n);
    clock.start();
    for (const city of cities) Object.assign(city, changed(city.id));
    await em.flush();
  },
  async insert(rows, clock) {
    const em = orm.em.fork();
    clock.start();
    for (const { display_name: displayName, ...row } of rows) em.create(City, { ...row, displayName }, { persist: true });
    await em.flush();
  },
  async walk(n) {
    const em = orm.em.fork();
    let length = 0;
    for (const city of await load(em, n)) {
      if (!wrap(city.state).isInitialized()) await wrap(city.state).init();
      if (!wrap(city.state.country).isInitialized()) await wrap(city.state.country).init();
      length += city.name.length + city.state.name.length + city.state.country.name.length;
    }
    return length;
  },
  // Each read looks through the identity map.
  reads: 500,
  async read(n, clock) {
    const em = orm.em.fork();
    await load(em, n);
    clock.start();
    let sum = 0;
    for (const wanted of clock.ids(n, this.reads)) sum += (await em.findOne(City, wanted)).population;
    return sum;
  },
  async rename(wanted, name) {
    const em = orm.em.fork();
    (await em.findOneOrFail(Country, wanted)).name = name;
    await em.flush();
  },
  undo: (n, changed, clock) => orm.em.fork().transactional(async (em) => {
    const cities = await load(em, n);
    clock.start();
    await em.transactional(async (inner) => {
      for (const city of await load(inner, n)) city.population = changed(city.id).population;
      await inner.flush();
      throw new Back();
    }).catch((error) => { if (!(error instanceof Back)) throw error; });
    clock.stop();
    const shown = cities.map((city) => [city.id, city.population]);
    em.clear();
    return shown;
  }),
};
