import { Schema, type Session, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { setTimeout as delay } from 'node:timers/promises';
import { citySchema, Served } from './support/served';

const [city] = citySchema.tables;
/** The same table with a field more, whose values a fill gives. */
const grown = new Schema(city ? [{ ...city, columns: [...city.columns, { field: 'rank', column: 'rank', type: 'float8', required: false, unique: false, index: false }] }] : []);
const IDLE_MS = 100;

/** A storage that has as much to do behind a fill as one that makes indexes of a large table. */
function busyBehindFills(below: Storage, states: string[]): Storage {
  const migrate = below.migrate.bind(below);
  below.migrate = (schema, { fill, ...options } = {}) => migrate(schema, {
    ...options,
    ...fill && {
      fill: async (session, added) => {
        await fill(session, added);
        await delay(4 * IDLE_MS);
        states.push(session.state);
      },
    },
  });
  return below;
}

/** What a client does with new fields, as slowly as one that has much to compute. */
async function fillSlowly(session: Session): Promise<void> {
  await delay(4 * IDLE_MS);
  await session.update({ model: 'city', ids: [1], fields: ['rank'], columns: [[7]] });
}

test.each<[string, () => Storage]>([['memory', () => memory()], ['PGlite', () => pglite()]])('over %s, a migration through a server takes as long as it takes, during its fill and behind it, whatever the idle time of transactions is', async (_, open) => {
  const states: string[] = [];
  const served = await Served.begin({ limits: { idleTimeout: IDLE_MS } }, busyBehindFills(open(), states));
  const client = served.client();
  await served.add(client, 'Ghent');
  const { added } = await client.migrate(grown, { fill: fillSlowly });
  expect([added.map(({ field }) => field), states, served.server.stats().transactions]).toEqual([['rank'], ['open'], 0]);
  const session = await client.open({ schema: grown });
  expect((await session.read({ model: 'city', ids: [1], fields: ['name', 'rank'] })).columns).toEqual([['Ghent'], [7]]);
  await session.rollback();
  await served.end();
});
