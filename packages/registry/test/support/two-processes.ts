import { char, datetime, defineModels, extension, integer, many2one, one2many, reference, selection } from '@ormolu/registry';

/** What two processes of one program have in common. */
export const base = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), cityCount: integer({ store: true }) },
  city: { name: char({ required: true }), country: many2one('country'), state: selection(['draft', 'done'], { default: 'draft' }), label: char({ store: true }) },
})
  .compute('city', 'label', ['name', 'country.name'], () => 'label of the base')
  .method('city', { grow: () => 'grown by the base' });

export const mayors = extension('mayors', base, (models) => models
  .extend({ mayor: { name: char(), city: many2one('city') }, city: { mayor: many2one('mayor'), founded: datetime({ default: () => new Date(0) }), epoch: datetime({ default: new Date(0) }) } })
  .compute('city', 'label', ['mayor.name'], () => 'label by mayors'));

export const states = extension('states', base, (models) => models
  .extend({ city: { state: selection(['closed']), about: reference(['country', 'city']) } })
  .options('city', { order: ['-name'], description: 'where people live' })
  .override('city', (previous) => ({ grow: (cities) => `closed, or ${previous.grow(cities)}` })), { version: '2' });

export const olderStates = extension('states', base, (models) => models, { version: '1' });
