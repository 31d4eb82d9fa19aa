import { EVERYTHING, type Columns } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decode, encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { Served } from './support/served';

const [BATCHES, ROWS] = [200, 1_000];

/** A storage whose streams are long, and what has been taken of them. @param bytes - of the values of a batch */
async function long(bytes: (batch: number) => number = () => 1): Promise<{ readonly served: Served; readonly figures: { made: number; left: number } }> {
  const figures = { made: 0, left: 0 };
  const below = memory();
  const open = below.open.bind(below);
  below.open = async (options) => {
    const session = await open(options);
    session.stream = async function* () {
      try {
        for (let batch = 0; batch < BATCHES; batch += 1) {
          figures.made += 1;
          const ids = Array.from({ length: ROWS }, (_, n) => batch * ROWS + n + 1);
          yield await Promise.resolve<Columns>({ ids, columns: [ids.map((id) => String(id).padEnd(bytes(batch)))] });
        }
      } finally {
        figures.left += 1;
      }
    };
    return session;
  };
  return { served: await Served.begin({}, below), figures };
}
const ALL = { model: 'city', filter: EVERYTHING, fields: ['name'] };

test('of a long stream no more is made than its reader has asked for, and it comes whole and in order', async () => {
  const { served, figures } = await long();
  const session = await served.client().open({ schema: served.schema });
  let [taken, last, most] = [0, 0, 0];
  for await (const { ids } of session.stream(ALL)) {
    taken += 1;
    most = Math.max(most, figures.made - taken);
    for (const id of ids) {
      if (id !== last + 1) throw new Error(`behind ${String(last)} comes ${String(id)}`);
      last += 1;
    }
  }
  expect([taken, last, most, figures]).toEqual([BATCHES, BATCHES * ROWS, 0, { made: BATCHES, left: 1 }]);
  await session.rollback();
  await served.end();
});

test('a slow reader of a stream is sent no more than it asks for, and one that leaves lets go of it', async () => {
  const { served, figures } = await long();
  const session = await served.client().open({ schema: served.schema });
  let taken = 0;
  for await (const batch of session.stream(ALL)) {
    taken += batch.ids.length / ROWS;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(figures).toEqual({ made: taken, left: 0 });
    if (taken === 5) break;
  }
  expect(figures).toEqual({ made: 5, left: 1 });
  await session.rollback();
  await served.end();
});

test.each([['first', 0], ['third', 2]])('a stream whose %s batch is larger than its reader takes has ended, lets go of what it held, and the transaction goes on', async (_, large) => {
  const { served, figures } = await long((batch) => (batch === large ? 100 : 1));
  const session = await served.client({ maxMessageBytes: 50_000 }).open({ schema: served.schema });
  let taken = 0;
  await expect((async () => { for await (const { ids } of session.stream(ALL)) taken += ids.length / ROWS; })()).rejects.toMatchObject({ code: 'REMOTE_LIMIT' });
  expect([taken, figures]).toEqual([large, { made: large + 1, left: 1 }]);
  expect(await session.count({ model: 'city', filter: EVERYTHING })).toBe(0);
  await session.commit();
  await served.end();
});

test('who goes on asking for a stream behind a batch that was too large is not told what follows as if it were next', async () => {
  const { served, figures } = await long((batch) => (batch === 1 ? 100 : 1));
  const socket = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(socket, 'open');
  const answers: unknown[] = [];
  socket.on('message', (data) => {
    const [kind, serial, value] = decode(data as Buffer) as [string, number, unknown]; // as the protocol says
    answers.push([kind, serial, kind === 'answer' ? value !== null : (value as { code: string }).code]);
  });
  const { digest, version, tables } = served.schema;
  const calls = [['hello', 0, 50_000], ['open', 1, [digest, { version, tables }], {}, null], ['stream', 1, ALL, null], ...Array<unknown[]>(4).fill(['next', 1, 1])];
  for (const [at, call] of calls.entries()) {
    socket.send(encode([at + 1, ...call]));
    while (answers.length <= at) await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  expect(answers.slice(3)).toEqual([['answer', 4, true], ['error', 5, 'REMOTE_LIMIT'], ['answer', 6, false], ['answer', 7, false]]);
  expect(figures).toEqual({ made: 2, left: 1 });
  socket.terminate();
  await served.end();
});

test('a batch of more records than a server makes at once is refused, and the transaction goes on', async () => {
  const served = await Served.begin();
  const session = await served.client().open({ schema: served.schema });
  await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['Ghent']] });
  const read = async (batchSize: number): Promise<number> => {
    let records = 0;
    for await (const { ids } of session.stream(ALL, { batchSize })) records += ids.length;
    return records;
  };
  await expect(read(100_001)).rejects.toMatchObject({ code: 'QUERY_BOUND', message: expect.stringContaining('no more than 100000 records') as string });
  expect(await read(100_000)).toBe(1);
  await session.rollback();
  await served.end();
});
