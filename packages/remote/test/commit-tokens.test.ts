import { EVERYTHING, Schema, type Session, type Storage } from '@ormolu/kernel';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decode, encode } from '../src/codec';
import { CommitTokens } from '../src/commit-tokens';
import { SUBPROTOCOL } from '../src/protocol';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { CuttingProxy } from './support/cutting-proxy';
import { citySchema, Served } from './support/served';

test.each<[string, () => Storage]>([['memory', () => memory()], ['PGlite', () => pglite()]])('over %s, tokens of commits are no business of caches: nobody is told of them, and a client keeps its answers under the same epoch as the server', async (_, open) => {
  const served = await Served.begin({}, open());
  const client = served.client();
  await served.add(client, 'Ghent');
  const sights = [];
  for (const storage of [client, served.below]) {
    const session = await storage.open({ schema: citySchema, sight: 'far' });
    const sight = await session.sight?.();
    sights.push({ epoch: sight?.epoch, uncachable: [...storage.changeLog?.uncachable?.keys() ?? []] });
    const { stamp } = await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'], stamped: true });
    expect(stamp?.epoch).toBe(sight?.epoch);
    await session.rollback();
  }
  expect(sights[0]).toMatchObject({ uncachable: [] });
  expect(sights[0]).toEqual(sights[1]);
  if (served.below.capabilities.sql) {
    const session = await served.below.open({ schema: citySchema });
    expect(await session.sql('select model from ormolu_log where model like $1', ['ormolu%'])).toEqual([]);
    expect(await session.sql('select count(*)::int as commits from ormolu_remote_commits', [])).toEqual([{ commits: 1 }]);
    await session.rollback();
  }
  await served.end();
});

test('a transaction of which somebody was told that it is not committed never will be, though it is open still, and whoever asks again is told the same', async () => {
  const served = await Served.begin();
  const socket = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(socket, 'open');
  const { digest, version, tables } = served.schema;
  const calls = [
    ['open', 1, [digest, { version, tables }], {}, 'a token'], ['insert', 1, { model: 'city', count: 1, fields: ['name'], columns: [['lost']] }], ['outcome', 0, 'a token'], ['outcome', 0, 'a token'], ['commit', 1, null], ['outcome', 0, 'a token'],
  ];
  const answers: unknown[] = [];
  for (const [at, call] of calls.entries()) {
    const answered = once(socket, 'message');
    socket.send(encode([at + 1, ...call]));
    const [kind, , value] = decode((await answered)[0] as Buffer) as [string, number, unknown]; // as the server answers
    answers.push(call[0] === 'outcome' ? value : kind);
  }
  expect([answers, await served.names()]).toEqual([['answer', 'answer', false, false, 'error', false], []]);
  socket.terminate();
  await served.end();
});

test('tokens of a server that did not note who had asked are those of commits', async () => {
  const below = pglite();
  const before = await below.open({ schema: new Schema([]) });
  await before.sql('create table ormolu_remote_commits (token text primary key, at timestamptz not null)', []);
  await before.sql("insert into ormolu_remote_commits values ('a token', now())", []);
  await before.commit();
  const served = await Served.begin({}, below);
  const tokens = new CommitTokens(below, () => undefined);
  expect([await tokens.wasCommitted('a token'), await tokens.wasCommitted('another'), await tokens.wasCommitted('another')]).toEqual([true, false, false]);
  await served.add(served.client(), 'kept');
  await served.end();
});

describe('a token that SQL of the client has had written', () => {
  let served: Served;
  let proxy: CuttingProxy;
  beforeAll(async () => {
    served = await Served.begin({}, pglite());
    proxy = await CuttingProxy.before(served.server.port);
  });
  afterAll(async () => {
    await proxy.close();
    await served.end();
  });
  const sql = (session: Session, name: string) => session.sql('insert into city (name) values ($1)', [name]);
  const kept = (session: Session) => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['kept']] });

  test.each<[string, (session: Session) => Promise<unknown>]>([
    ['within a savepoint that is taken back, and is written again with the next write', async (session) => {
      const savepoint = await session.savepoint();
      await sql(session, 'lost');
      await session.rollbackTo(savepoint);
      await kept(session);
    }],
    ['within one inside that, and is written again by SQL', async (session) => {
      const outer = await session.savepoint();
      await session.savepoint();
      await sql(session, 'lost');
      await session.rollbackTo(outer);
      await sql(session, 'kept');
    }],
    ['before a savepoint that is taken back, and is there still', async (session) => {
      await sql(session, 'kept');
      const savepoint = await session.savepoint();
      await sql(session, 'lost');
      await session.rollbackTo(savepoint);
      await sql(session, 'kept');
    }],
    ['within a savepoint that is released, and is there still', async (session) => {
      const savepoint = await session.savepoint();
      await sql(session, 'kept');
      await session.release(savepoint);
      await kept(session);
    }],
    ['within one that is released inside one that is taken back, and is written again', async (session) => {
      const outer = await session.savepoint();
      const inner = await session.savepoint();
      await sql(session, 'lost');
      await session.release(inner);
      await session.rollbackTo(outer);
      await kept(session);
    }],
  ])('%s, tells of the commit whose answer was lost', async (_, work) => {
    const before = await served.names();
    const session = await served.client({}, proxy.url).open({ schema: citySchema });
    try {
      await work(session);
      proxy.cutsAt = 'answer';
      await session.commit();
    } finally {
      proxy.cutsAt = undefined;
      await session.rollback();
    }
    const after = await served.names();
    expect([session.state, after.length > before.length, after.every((name) => name === 'kept')]).toEqual(['committed', true, true]);
  });
});
