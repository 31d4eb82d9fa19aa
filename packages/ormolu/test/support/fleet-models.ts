import { char, defineModels, extension, integer, ormcache, type EnvironmentOf } from '../../src/index';

/** What all programs of a fleet begin with. */
export const base = defineModels({ city: { name: char({ required: true }), size: integer(), label: char() } })
  .compute('city', 'label', ['name'], (city) => city.name);

/** What one of them takes while the others run. */
export const mayors = extension('mayors', base, (models) => models
  .extend({ city: { mayor: char() } })
  .compute('city', 'label', ['name', 'mayor'], (city) => `${city.name} of ${city.mayor ?? 'nobody'}`));

export type BaseEnv = EnvironmentOf<typeof base>;

let computed = 0;
/** How often it has been computed in this process. */
export const computations = ormcache((_env: BaseEnv) => (computed += 1), { name: 'computations', group: 'fleet' });
