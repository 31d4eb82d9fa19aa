import 'reflect-metadata';
import typeorm from 'typeorm';

const { DataSource, EntitySchema, EventSubscriber, LessThanOrEqual } = typeorm;
class Country {}
class State {}
class City {}
const id = { type: 'int', primary: true, generated: 'identity', generatedIdentity: 'BY DEFAULT' };
const text = { type: 'text' };
const to = (target, name) => ({ type: 'many-to-one', target, joinColumn: { name } });
const entities = [
  new EntitySchema({ name: 'Country', target: Country, tableName: 'country', columns: { id, code: text, name: text } }),
  new EntitySchema({ name: 'State', target: State, tableName: 'state', columns: { id, code: text, name: text, countryId: { type: 'int', name: 'country' } }, relations: { country: to('Country', 'country') } }),
  new EntitySchema({
    name: 'City', target: City, tableName: 'city', relations: { state: to('State', 'state'), country: to('Country', 'country') },
    columns: { id, name: text, code: text, stateId: { type: 'int', name: 'state' }, countryId: { type: 'int', name: 'country' }, population: { type: 'int' }, lat: { type: 'float8' }, lon: { type: 'float8' }, displayName: { type: 'text', name: 'display_name' } },
  }),
];

class NamesFollow {
  listenTo() { return Country; }
  async afterUpdate({ manager, entity, updatedColumns }) {
    if (!updatedColumns.some(({ propertyName }) => propertyName === 'name')) return;
    const cities = await manager.findBy(City, { countryId: entity.id });
    for (const city of cities) city.displayName = `${city.name}, ${entity.name}`;
    await manager.save(cities, { chunk: 1000 });
  }
}
EventSubscriber()(NamesFollow);

class Back extends Error {}
let source;
const load = (n, manager = source.manager) => manager.findBy(City, { id: LessThanOrEqual(n) });

export default {
  name: 'TypeORM 1.1.1',
  async open(url) { source = await new DataSource({ type: 'postgres', url, entities, subscribers: [NamesFollow], poolSize: 4 }).initialize(); },
  close: () => source.destroy(),
  load: (n) => load(n),
  async change(n, changed, clock) {
    const cities = await load(n);
    clock.start();
    for (const city of cities) Object.assign(city, changed(city.id));
    await source.manager.save(cities, { chunk: 1000 });
  },
  insert(rows, clock) {
    clock.start();
    return source.manager.save(rows.map(({ state, country, display_name: displayName, ...row }) => source.manager.create(City, { ...row, stateId: state, countryId: country, displayName })), { chunk: 1000 });
  },
  async walk(n) {
    let length = 0;
    for (const city of await load(n)) {
      const state = await source.manager.findOneByOrFail(State, { id: city.stateId });
      const country = await source.manager.findOneByOrFail(Country, { id: state.countryId });
      length += city.name.length + state.name.length + country.name.length;
    }
    return length;
  },
  reads: 2000,
  async read(n, clock) {
    await load(n);
    clock.start();
    let sum = 0;
    for (const wanted of clock.ids(n, this.reads)) sum += (await source.manager.findOneByOrFail(City, { id: wanted })).population;
    return sum;
  },
  async rename(wanted, name) {
    const country = await source.manager.findOneByOrFail(Country, { id: wanted });
    country.name = name;
    await source.manager.save(country);
  },
  undo: (n, changed, clock) => source.transaction(async (manager) => {
    const cities = await load(n, manager);
    clock.start();
    await manager.transaction(async (inner) => {
      for (const city of cities) city.population = changed(city.id).population;
      await inner.save(cities, { chunk: 1000 });
      throw new Back();
    }).catch((error) => { if (!(error instanceof Back)) throw error; });
    clock.stop();
    return cities.map((city) => [city.id, city.population]);
  }),
};
