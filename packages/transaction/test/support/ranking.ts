import { char, defineModels, integer, many2one } from '@ormolu/registry';

/** Runners whose places follow from a query, and computes that wait for themselves by way of one. */
export const ranking = defineModels({
  team: { name: char({ required: true }) },
  runner: {
    name: char({ required: true }), seconds: integer(), team: many2one('team'), double: integer({ store: true }),
    place: integer(), rivals: char({ store: true }), own: integer({ store: true }), ping: integer({ store: true }), pong: integer({ store: true }),
  },
})
  .options('runner', { order: ['seconds'] })
  .compute('runner', 'double', ['seconds'], (runner) => 2 * (runner.seconds ?? 0))
  .compute('runner', 'place', ['seconds'], (runner) => 1 + runner.env.model('runner').where({ seconds: { lt: runner.seconds ?? 0 } }).length)
  .compute('runner', 'rivals', ['team', 'double'], (runner) => [...runner.env.model('runner').where({ double: runner.double, id: { ne: runner.id } })].map(({ name }) => name).join())
  .compute('runner', 'own', ['seconds'], (runner) => (runner.name === 'self' ? runner.env.model('runner').where({ own: 1 }).length : 0))
  .compute('runner', 'ping', ['seconds'], (runner) => (runner.name === 'pair' ? runner.env.model('runner').where({ pong: 1 }).length : 0))
  .compute('runner', 'pong', ['seconds'], (runner) => (runner.name === 'pair' ? runner.env.model('runner').where({ ping: 1 }).length : 0));
