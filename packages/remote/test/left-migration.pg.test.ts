import { Schema, type Session, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decode, encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { citySchema, Served } from './support/served';

const [city] = citySchema.tables;
/** The same table with a field more, whose values a fill gives. */
const grown = new Schema(city ? [{ ...city, columns: [...city.columns, { field: 'rank', column: 'rank', type: 'float8', required: false, unique: false, index: false }] }] : []);
const fill = async (session: Session): Promise<void> => { await session.update({ model: 'city', ids: [1], fields: ['rank'], columns: [[7]] }); };

/** A storage that comes to its first fill when it is let, as one whose DDL waits for a lock of somebody. */
function slowToFill(below: Storage): { readonly reached: Promise<void>; go(): void } {
  let go: () => void = () => undefined;
  let reach: () => void = () => undefined;
  let isFirst = true;
  const reached = new Promise<void>((resolve) => { reach = resolve; });
  const letGo = new Promise<void>((resolve) => { go = resolve; });
  const migrate = below.migrate.bind(below);
  below.migrate = (schema, { fill: filling, ...options } = {}) => migrate(schema, {
    ...options,
    ...filling && {
      fill: async (session, added) => {
        if (isFirst) {
          isFirst = false;
          reach();
          await letGo;
        }
        await filling(session, added);
      },
    },
  });
  return { reached, go };
}

/** The new field is there, and has its value. */
async function ranks(served: Served): Promise<unknown> {
  const session = await served.below.open({ schema: grown });
  try {
    return (await session.read({ model: 'city', ids: [1], fields: ['rank'] })).columns;
  } finally {
    await session.rollback();
  }
}

const storages: [string, () => Promise<{ readonly storage: Storage; drop?(): Promise<void> }>][] = [
  ['memory', () => Promise.resolve({ storage: memory() })],
  ['PGlite', () => Promise.resolve({ storage: pglite() })],
  ['PostgreSQL', async () => {
    const database = await createDatabase();
    return { storage: postgres(database.url), drop: () => database.drop() };
  }],
];

test.each(storages)('over %s, a migration whose client has gone before it comes to its fill ends, and holds up nobody', async (_, open) => {
  const { storage, drop } = await open();
  const served = await Served.begin({}, storage);
  const { reached, go } = slowToFill(storage);
  const client = served.client();
  await served.add(client, 'Ghent');
  const given = client.migrate(grown, { fill }).catch((error: unknown) => (error as { code: unknown }).code);
  await reached;
  await client.close();
  for (let tries = 0; tries < 500 && served.server.stats().connections > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect([await given, served.server.stats().connections]).toEqual(['REMOTE_CONNECTION_LOST', 0]);
  go();
  const { added } = await served.client().migrate(grown, { fill });
  expect([added.map(({ field }) => field), await ranks(served), served.server.stats().transactions]).toEqual([['rank'], [[7]], 0]);
  await served.end();
  await drop?.();
});

test.each(storages)('over %s, so does one whose client was left in the middle of its fill, whether it says goodbye or not', async (_, open) => {
  const { storage, drop } = await open();
  const served = await Served.begin({}, storage);
  await served.add(served.client(), 'Ghent');
  const raw = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(raw, 'open');
  raw.send(encode([1, 'migrate', 0, [grown.digest, { version: grown.version, tables: grown.tables }], {}, 1]));
  const [message] = await once(raw, 'message') as [Buffer];
  expect((decode(message) as unknown[])[0]).toBe('fill');
  // It hears no goodbye, and says none: the server would wait for it for half a minute.
  raw.pause();
  raw.send('a text');
  expect((await served.client().migrate(grown, { fill })).added.map(({ field }) => field)).toEqual(['rank']);
  expect(await ranks(served)).toEqual([[7]]);
  raw.terminate();
  await served.end();
  await drop?.();
}, 20_000);
