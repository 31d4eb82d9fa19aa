import { EVERYTHING, type Session, type Storage } from '@ormolu/kernel';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ConnectionLostError, LimitError } from '@ormolu/remote';
import { encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { memory } from '@ormolu/storage/memory';
import { CuttingProxy } from './support/cutting-proxy';
import { Served } from './support/served';

const insert = (session: Session, name: string) => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
const count = (session: Session) => session.count({ model: 'city', filter: EVERYTHING });

let served: Served;
let proxy: CuttingProxy;
let refusals = 0;
beforeEach(async () => {
  const below = memory();
  const open = below.open.bind(below);
  const opening: Storage['open'] = (options) => {
    if (refusals === 0) return open(options);
    refusals -= 1;
    return Promise.reject(new ConnectionLostError('the database'));
  };
  below.open = opening;
  served = await Served.begin({}, below);
  proxy = await CuttingProxy.before(served.server.port);
});
afterEach(async () => {
  refusals = 0;
  await proxy.close();
  await served.end();
});

/** Waits until a figure of the server's is none. */
async function none(what: 'connections' | 'transactions'): Promise<void> {
  for (let tries = 0; tries < 2_000 && served.server.stats()[what] > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(served.server.stats()[what]).toBe(0);
}

test('a client that vanishes without a word is left, and its transaction is rolled back', async () => {
  await served.stop();
  await served.start({ limits: { keepAlive: '500ms' } });
  await proxy.close();
  proxy = await CuttingProxy.before(served.server.port);
  const client = served.client({ keepAlive: '1h', connectTimeout: '5s' }, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  expect(served.server.stats()).toMatchObject({ connections: 1, transactions: 1 });
  proxy.cutsAt = 'mute';
  await none('connections');
  expect([served.server.stats().transactions, await served.names()]).toEqual([0, []]);
  await proxy.close();
  await session.rollback();
});

test('a server that vanishes without a word is heard of long before an answer would be late', async () => {
  const client = served.client({ keepAlive: '500ms', callTimeout: '1h', connectTimeout: '5s' }, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  proxy.cutsAt = 'mute';
  await expect(count(session)).rejects.toThrow(ConnectionLostError);
  await session.rollback();
});

test('a client closes beside a server that has vanished', async () => {
  const client = served.client({ keepAlive: '1h' }, proxy.url);
  await client.connect();
  proxy.cutsAt = 'mute';
  await client.close();
}, 8_000);

test('a commit is asked about until the database of its server has room to say what became of it', async () => {
  const session = await served.client({}, proxy.url).open({ schema: served.schema });
  await insert(session, 'kept');
  proxy.cutsAt = 'answer';
  refusals = 3;
  await session.commit();
  expect([session.state, refusals, await served.names()]).toEqual(['committed', 0, ['kept']]);
});

test('who says what is none of the protocol holds nothing from then on, and does nothing, whether he says goodbye or not', async () => {
  const raw = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(raw, 'open');
  const { digest, version, tables } = served.schema;
  raw.send(encode([1, 'open', 1, [digest, { version, tables }], {}, null]));
  await once(raw, 'message');
  raw.pause();
  raw.send('a text');
  for (let serial = 2; serial < 50; serial += 1) raw.send(encode([serial, 'open', serial, [digest, null], {}, null]));
  await none('transactions');
  raw.terminate();
});

test('an answer that is larger than the client takes is told of, and the transaction goes on', async () => {
  const client = served.client({ maxMessageBytes: 10_000 });
  for (const name of ['x', 'y']) await served.add(client, name.repeat(9_000));
  const session = await client.open({ schema: served.schema });
  await insert(session, 'kept');
  const all = session.query({ model: 'city', filter: EVERYTHING, fields: ['name'] });
  await expect(all).rejects.toMatchObject({ code: new LimitError('', '').code });
  await expect(all).rejects.toThrow(/An answer is longer than 10000 bytes, the most that this client takes at once/);
  expect(await count(session)).toBe(3);
  await session.commit();
  expect((await served.names()).length).toBe(3);
});

test('savepoints that have gone with those around them are none that are open', async () => {
  const session = await served.client().open({ schema: served.schema });
  // 10,100 in all, never more than 101 at a time.
  for (let round = 0; round < 100; round += 1) {
    const around = await session.savepoint();
    await Promise.all(Array.from({ length: 100 }, () => session.savepoint()));
    if (round % 2 === 0) await session.release(around);
    else await session.rollbackTo(around);
  }
  expect((await session.savepoint()).depth).toBe(1);
  await session.rollback();
});
