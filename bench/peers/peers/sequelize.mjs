import sequelize from 'sequelize';

const { DataTypes, Model, Op, Sequelize } = sequelize;
class Country extends Model {}
class State extends Model {}
class City extends Model {}
class Back extends Error {}
let db;
const load = (n, transaction) => City.findAll({ where: { id: { [Op.lte]: n } }, transaction });

export default {
  name: 'Sequelize 6.37.8',
  open(url) {
    db = new Sequelize(url, { logging: false, pool: { max: 4 }, define: { timestamps: false } });
    const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
    const [text, real, whole] = [DataTypes.TEXT, DataTypes.DOUBLE, DataTypes.INTEGER];
    const hooks = {
      async afterUpdate(country, { transaction }) {
        if (!country.changed('name')) return;
        for (const city of await City.findAll({ where: { countryId: country.id }, transaction })) await city.update({ displayName: `${city.name}, ${country.name}` }, { transaction });
      },
    };
    const reference = (field) => ({ type: whole, field });
    Country.init({ id, code: text, name: text }, { sequelize: db, tableName: 'country', hooks });
    State.init({ id, code: text, name: text, countryId: reference('country') }, { sequelize: db, tableName: 'state' });
    City.init({ id, name: text, code: text, stateId: reference('state'), countryId: reference('country'), population: whole, lat: real, lon: real, displayName: { type: text, field: 'display_name' } }, { sequelize: db, tableName: 'city' });
    City.belongsTo(State, { as: 'state', foreignKey: { name: 'stateId', field: 'state' } });
    State.belongsTo(Country, { as: 'country', foreignKey: { name: 'countryId', field: 'country' } });
  },
  close: () => db.close(),
  load: (n) => load(n),
  async change(n, changed, clock) {
    const cities = await load(n);
    clock.start();
    await db.transaction(async (transaction) => {
      for (const city of cities) await city.set(changed(city.id)).save({ transaction });
    });
  },
  insert(rows, clock) {
    clock.start();
    return db.transaction((transaction) => City.bulkCreate(rows.map(({ state, country, display_name: displayName, ...row }) => ({ ...row, stateId: state, countryId: country, displayName })), { transaction }));
  },
  async walk(n) {
    let length = 0;
    for (const city of await load(n)) {
      const state = await city.getState();
      length += city.name.length + state.name.length + (await state.getCountry()).name.length;
    }
    return length;
  },
  reads: 2000,
  async read(n, clock) {
    await load(n);
    clock.start();
    let sum = 0;
    for (const wanted of clock.ids(n, this.reads)) sum += (await City.findByPk(wanted)).population;
    return sum;
  },
  rename: (wanted, name) => db.transaction(async (transaction) => (await Country.findByPk(wanted, { transaction })).update({ name }, { transaction })),
  undo: (n, changed, clock) => db.transaction(async (transaction) => {
    const cities = await load(n, transaction);
    clock.start();
    await db.transaction({ transaction }, async (inner) => {
      for (const city of cities) await city.set({ population: changed(city.id).population }).save({ transaction: inner });
      throw new Back();
    }).catch((error) => { if (!(error instanceof Back)) throw error; });
    clock.stop();
    return cities.map((city) => [city.id, city.population]);
  }),
};
