// The tables that every peer works on, as Ormolu's models: what a migration of these makes.
import { createRequire } from 'node:module';

const { char, defineModels, float, integer, many2one } = createRequire(new URL('../package.json', import.meta.url))('ormolu');

export const models = defineModels({
  country: { code: char({ required: true }), name: char({ required: true }) },
  state: { code: char({ required: true }), name: char({ required: true }), country: many2one('country', { required: true }) },
  city: {
    name: char({ required: true }), code: char({ required: true }), state: many2one('state', { required: true }), country: many2one('country', { required: true }),
    population: integer({ required: true }), lat: float({ required: true }), lon: float({ required: true }), displayName: char({ store: true, readonly: false }),
  },
}).compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country.name}`);
