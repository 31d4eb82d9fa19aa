import { char, defineModels, integer, many2one } from '../../src/index';

const base = defineModels({
  country: { name: char({ required: true }) },
  city: { name: char({ required: true }), country: many2one('country') },
});

/** The models before and after a field that existing records must be given. */
export const before = base;
export const models = base.extend({ city: { displayName: char({ store: true }), size: integer({ default: 1 }) } })
  .compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? '-'}`);
