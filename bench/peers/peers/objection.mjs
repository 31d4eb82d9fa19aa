import knexFactory from 'knex';
import objection from 'objection';

const { Model } = objection;
const CHUNK = 5000;

class Country extends Model {
  static tableName = 'country';
  async $afterUpdate(options, context) {
    await super.$afterUpdate(options, context);
    if (this.name === undefined) return;
    for (const city of await City.query(context.transaction).where('country', options.old.id)) await city.$query(context.transaction).patch({ display_name: `${city.name}, ${this.name}` });
  }
}
const belongsTo = (modelClass, from) => ({ relation: Model.BelongsToOneRelation, modelClass, join: { from, to: `${modelClass.tableName}.id` } });
class State extends Model {
  static tableName = 'state';
  static get relationMappings() { return { inCountry: belongsTo(Country, 'state.country') }; }
}
class City extends Model {
  static tableName = 'city';
  static get relationMappings() { return { inState: belongsTo(State, 'city.state') }; }
}
class Back extends Error {}
let knex;
const load = (n, trx) => City.query(trx).where('id', '<=', n);

export default {
  name: 'Objection 3.1.5',
  open(url) {
    knex = knexFactory({ client: 'pg', connection: url, pool: { min: 0, max: 4 } });
    Model.knex(knex);
  },
  close: () => knex.destroy(),
  load: (n) => load(n),
  async change(n, changed, clock) {
    const cities = await load(n);
    clock.start();
    await knex.transaction(async (trx) => {
      for (const city of cities) await city.$query(trx).patch(changed(city.id));
    });
  },
  insert(rows, clock) {
    clock.start();
    return knex.transaction(async (trx) => {
      for (let at = 0; at < rows.length; at += CHUNK) await City.query(trx).insert(rows.slice(at, at + CHUNK));
    });
  },
  async walk(n) {
    let length = 0;
    for (const city of await load(n)) {
      const state = await city.$relatedQuery('inState');
      length += city.name.length + state.name.length + (await state.$relatedQuery('inCountry')).name.length;
    }
    return length;
  },
  reads: 2000,
  async read(n, clock) {
    await load(n);
    clock.start();
    let sum = 0;
    for (const wanted of clock.ids(n, this.reads)) sum += (await City.query().findById(wanted)).population;
    return sum;
  },
  rename: (wanted, name) => knex.transaction(async (trx) => (await Country.query(trx).findById(wanted)).$query(trx).patch({ name })),
  undo: (n, changed, clock) => knex.transaction(async (trx) => {
    const cities = await load(n, trx);
    clock.start();
    await trx.transaction(async (inner) => {
      for (const city of cities) await city.$query(inner).patch({ population: changed(city.id).population });
      throw new Back();
    }).catch((error) => { if (!(error instanceof Back)) throw error; });
    clock.stop();
    return cities.map((city) => [city.id, city.population]);
  }),
};
