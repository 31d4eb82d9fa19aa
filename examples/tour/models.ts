import { char, defineModels, float, integer, many2one, one2many } from 'ormolu';

/**
 * The world in three models. Two names are computed and stored: change a country's name, and Ormolu keeps those of its states and
 * cities true.
 */
export const models = defineModels({
  country: {
    name: char({ required: true, index: true }),
    code: char({ required: true, unique: true, size: 2 }),
    currency: char(),
    states: one2many('state', 'country'),
    cities: one2many('city', 'country'),
  },
  state: {
    name: char({ required: true }),
    code: char({ required: true }),
    country: many2one('country', { required: true, onDelete: 'restrict' }),
    displayName: char({ store: true }),
  },
  city: {
    name: char({ required: true }),
    state: many2one('state', { required: true, onDelete: 'restrict' }),
    country: many2one('country', { required: true, onDelete: 'restrict' }),
    latitude: float(),
    longitude: float(),
    visits: integer({ default: 0 }),
    displayName: char({ store: true }),
  },
})
  .compute('state', 'displayName', ['name', 'country.name'], (state) => `${state.name}, ${state.country.name}`)
  .compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country.name}`);
