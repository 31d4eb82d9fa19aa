import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';

/**
 * Countries, cities and regions with every shape of dependency the engine has: own fields, across a many2one, across a list,
 * chains of computes, values that are not stored, and a recursive field.
 */
export const geo = defineModels({
  country: {
    name: char({ required: true }),
    cities: one2many('city', 'country'),
    cityCount: integer({ store: true }),
    population: integer({ store: true }),
    label: char(),
  },
  city: {
    name: char({ required: true }),
    population: integer(),
    country: many2one('country', { onDelete: 'restrict' }),
    twin: many2one('city', { onDelete: 'set null' }),
    region: many2one('region', { onDelete: 'set null' }),
    displayName: char({ store: true }),
    twinLabel: char({ store: true }),
    place: char(),
    ties: char({ store: true }),
  },
  region: {
    name: char({ required: true }),
    parent: many2one('region', { onDelete: 'cascade' }),
    children: one2many('region', 'parent'),
    path: char({ store: true, recursive: true }),
    size: integer({ recursive: true }),
  },
})
  .computeBatch('country', ['cityCount', 'population'], ['cities', 'cities.population'], (countries) => {
    for (const country of countries) {
      country.cityCount = country.cities.length;
      country.population = [...country.cities].reduce((sum, city) => sum + (city.population ?? 0), 0);
    }
  })
  .compute('country', 'label', ['name', 'cityCount'], (country) => `${country.name} (${String(country.cityCount)})`)
  .compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? '-'}`)
  .compute('city', 'twinLabel', ['twin.displayName'], (city) => city.twin?.displayName ?? null)
  .compute('city', 'place', ['country.label', 'region.path'], (city) => `${city.country?.label ?? '-'} in ${city.region?.path ?? '-'}`)
  .compute('city', 'ties', ['twin', 'region'], (city) => `${city.twin ? 'twin' : ''}${city.region ? 'region' : ''}`)
  .compute('region', 'path', ['name', 'parent.path'], (region) => (region.parent ? `${String(region.parent.path)}/${region.name}` : region.name))
  .compute('region', 'size', ['children.size'], (region) => [...region.children].reduce((sum, child) => sum + (child.size ?? 0), 1));

/** The stored fields a script writes. */
export const INPUTS: Readonly<Record<string, readonly string[]>> = {
  country: ['name'],
  city: ['name', 'population', 'country', 'twin', 'region'],
  region: ['name', 'parent'],
};

/** The fields that are functions of those. */
export const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  country: ['cityCount', 'population', 'label'],
  city: ['displayName', 'twinLabel', 'place', 'ties'],
  region: ['path', 'size'],
};

/** Which of them have a column. */
export const STORED: Readonly<Record<string, readonly string[]>> = {
  country: ['cityCount', 'population'],
  city: ['displayName', 'twinLabel', 'ties'],
  region: ['path'],
};
