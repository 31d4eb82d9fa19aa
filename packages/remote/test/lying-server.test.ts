import { EVERYTHING, OrmoluError, type Session } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { remote, type RemoteStorage } from '@ormolu/remote';
import fc from 'fast-check';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { decode, encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { citySchema } from './support/served';

type Answering = (call: readonly unknown[]) => unknown;

const FIGURES = { state: 'open', statements: 1 };
const HELLO = { name: 'memory', capabilities: { concurrentSessions: true, durable: false, sql: false }, hasLog: false, maxMessageBytes: 1_000_000, view: null };
/** What a server says that means well. */
const honest: Answering = ([serial, name]) => ['answer', serial, name === 'hello' ? HELLO : null, name === 'hello' ? null : FIGURES];

let server: WebSocketServer;
let answering: Answering = honest;
let client: RemoteStorage;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => SUBPROTOCOL });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const call = decode(data as Buffer) as readonly unknown[]; // a client speaks the protocol
      const reply = answering(call);
      socket.send(reply instanceof Uint8Array ? reply : encode(reply));
    });
  });
  await new Promise((resolve) => { server.once('listening', resolve); });
  client = remote(`tcp://127.0.0.1:${String((server.address() as AddressInfo).port)}`, { callTimeout: '5s', connectTimeout: '1s' }); // it listens on a port
});
afterEach(async () => {
  answering = honest;
  await client.close();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => { server.close(resolve); });
});

const QUERY = { model: 'city', filter: EVERYTHING, fields: ['name', 'size'] };
/** What is asked, by the call that it is. */
const CALLS: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
  read: (session) => session.read({ model: 'city', ids: [1, 2], fields: ['name', 'size'] }),
  query: (session) => session.query(QUERY),
  count: (session) => session.count(QUERY),
  group: (session) => session.group({ model: 'city', filter: EVERYTHING, by: [['name']], aggregates: [{ function: 'count' }] }),
  insert: (session) => session.insert({ model: 'city', count: 2, fields: ['name'], columns: [['a', 'b']] }),
  update: (session) => session.update({ model: 'city', ids: [1, 2], fields: ['name'], columns: [['a', 'b']] }),
  delete: (session) => session.delete('city', [1, 2]),
  sql: (session) => session.sql('select 1', []),
  savepoint: (session) => session.savepoint(),
  stream: async (session) => { for await (const batch of session.stream(QUERY)) if (batch.ids.length === 0) throw new Error('an empty batch'); },
  next: async (session) => { for await (const batch of session.stream(QUERY)) if (batch.ids.length === 0) throw new Error('an empty batch'); },
};

/** Makes a call that is answered so, and what comes of it. */
async function told(name: string, value: unknown, figures: unknown = FIGURES): Promise<unknown> {
  answering = (call) => (call[1] === name ? ['answer', call[0], value, figures] : honest(call));
  const session = await client.open({ schema: citySchema });
  try {
    return await CALLS[name]?.(session);
  } catch (error) {
    return error;
  } finally {
    answering = honest;
    await session.rollback();
  }
}

const columns = (ids: unknown, ...rest: readonly unknown[]): unknown => ({ ids, columns: rest });
test.each<[string, string, unknown]>([
  ['nothing', 'read', null], ['a text', 'read', 'none'], ['columns without ids', 'read', { columns: [[], []] }], ['a column too few', 'read', columns([1], ['a'])], ['a column too many', 'read', columns([1], ['a'], [1], [2])],
  ['fewer values than ids', 'read', columns([1, 2], ['a'], [1, 2])], ['a record that nobody asked for', 'read', columns([3], ['a'], [1])], ['a record twice', 'read', columns([1, 1], ['a', 'a'], [1, 1])], ['an id that is none', 'read', columns([{}], ['a'], [1])],
  ['fewer values than ids', 'query', columns([1, 2], ['a'], [1, 2])], ['a list', 'query', [1]], ['a text', 'count', '7'], ['half a record', 'count', 1.5], ['less than none', 'count', -1], ['nothing', 'count', null],
  ['nothing', 'group', null], ['fewer keys than groups', 'group', { count: 2, keys: [['a']], aggregates: [[1, 2]] }], ['no figures', 'group', { count: 1, keys: [['a']], aggregates: [] }],
  ['fewer ids than rows', 'insert', [1]], ['ids that are none', 'insert', [null, {}]], ['nothing', 'insert', null], ['an id that nobody wrote', 'update', [1, 7]], ['a text', 'update', '1'], ['an id that nobody deleted', 'delete', [9]],
  ['no rows', 'sql', 'none'], ['rows that are none', 'sql', [1]], ['a text', 'savepoint', 'x'], ['nothing', 'stream', null], ['a number', 'next', 7], ['fewer values than ids', 'next', columns([1, 2], ['a'], [1, 2])],
])('who is told %s by %s hears that it is none of the protocol', async (_, name, value) => {
  expect(await told(name, value)).toMatchObject({ code: 'REMOTE_PROTOCOL' });
});

test.each<[string, unknown]>([['no figures', null], ['figures that are a text', 'open'], ['another state', { state: 'asleep', statements: 1 }], ['no number of statements', { state: 'open', statements: 'x' }]])('who is told %s of a session hears so', async (_, figures) => {
  expect(await told('count', 1, figures)).toMatchObject({ code: 'REMOTE_PROTOCOL' });
});

test.each<[string, unknown]>([['nothing', null], ['no capabilities', { ...HELLO, capabilities: null }], ['no limit', { ...HELLO, maxMessageBytes: 'x' }], ['a view that is none', { ...HELLO, view: { user: 'x' } }]])('who is greeted with %s is not connected', async (_, hello) => {
  answering = ([serial]) => ['answer', serial, hello, null];
  await expect(client.connect()).rejects.toMatchObject({ code: 'REMOTE_PROTOCOL' });
});

test.each<[string, Answering]>([
  ['bytes that are no message', () => new Uint8Array([0xc1, 1, 2])], ['a reply of no kind', ([serial]) => ['reply', serial, 1, FIGURES]], ['an error without a code', ([serial]) => ['error', serial, { kind: 'MisuseError' }, null]],
  ['an error that is none', ([serial]) => ['error', serial, null, null]], ['a reply without a serial', () => ['answer', 'x', 1, null]], ['wanting work done that nobody offered', ([serial]) => ['fill', serial, 1, []]],
])('a server that answers with %s is left, and what waits is told', async (_, answer) => {
  answering = (call) => (call[1] === 'count' ? answer(call) : honest(call));
  const session = await client.open({ schema: citySchema });
  await expect(session.count(QUERY)).rejects.toMatchObject({ code: 'REMOTE_PROTOCOL' });
  await session.rollback();
});

test('what was asked counts whatever the prototype of the question', async () => {
  answering = (call) => (call[1] === 'read' ? ['answer', call[0], columns([1], ['a']), FIGURES] : honest(call));
  const session = await client.open({ schema: citySchema });
  const bare = Object.assign(Object.create(null) as object, { model: 'city', ids: [1], fields: ['name'] });
  expect(await session.read(bare).finally(() => session.rollback())).toMatchObject({ ids: [1], columns: [['a']] });
});

test('who is told of a commit what is no answer asks what became of it, over another connection', async () => {
  const calls: unknown[] = [];
  answering = (call) => {
    calls.push(call[1]);
    if (call[1] === 'outcome') return ['answer', call[0], true, null];
    return call[1] === 'commit' ? ['answer', call[0], 'done', FIGURES] : honest(call);
  };
  const session = await client.open({ schema: citySchema });
  await session.commit();
  expect([session.state, calls]).toEqual(['committed', ['hello', 'open', 'commit', 'hello', 'outcome']]);
});

test('law: whatever a server answers, the client hears of it, or has what has the form of an answer', async () => {
  const value = fc.oneof(fc.anything({ maxDepth: 2 }), fc.record({ ids: fc.oneof(fc.array(fc.nat(3), { maxLength: 2 }), fc.constant(null)), columns: fc.array(fc.oneof(fc.array(fc.constant('x'), { maxLength: 2 }), fc.constant(7)), { maxLength: 3 }) }), fc.array(fc.oneof(fc.nat(3), fc.constant(null)), { maxLength: 3 }), fc.integer());
  await fc.assert(fc.asyncProperty(fc.constantFrom('read', 'query', 'count', 'insert', 'update'), value, async (name, answer) => {
    const outcome = await told(name, answer);
    if (outcome instanceof Error) {
      expect(OrmoluError.is(outcome) && outcome.code).toBe('REMOTE_PROTOCOL');
      return;
    }
    if (name === 'count') expect(Number.isSafeInteger(outcome) && (outcome as number) >= 0).toBe(true); // a number: isSafeInteger says so
    else if (name === 'insert' || name === 'update') expect(Array.isArray(outcome)).toBe(true);
    else {
      const { ids, columns: all } = outcome as { readonly ids: unknown[]; readonly columns: unknown[][] }; // which is what is looked at
      expect([ids.length, ids.length]).toEqual(all.map((one) => one.length));
    }
  }), { numRuns: lawRuns(200) });
});
