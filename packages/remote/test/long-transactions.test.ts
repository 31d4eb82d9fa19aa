import { EVERYTHING, type Session } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { Served } from './support/served';

const insert = (session: Session, name: string) => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
const count = (session: Session) => session.count({ model: 'city', filter: EVERYTHING });
const TOO_LONG = { code: 'REMOTE_TOO_LONG' };

let served: Served;
afterEach(() => served.end());

/** A storage whose sessions wait, in calls of one name, until they are let go. */
function holding(name: 'count' | 'commit'): { readonly below: ReturnType<typeof memory>; readonly reached: Promise<void>; go(): void } {
  const below = memory();
  const opened = below.open.bind(below);
  let [go, reach]: (() => void)[] = [];
  const held = new Promise<void>((resolve) => { go = resolve; });
  const reached = new Promise<void>((resolve) => { reach = resolve; });
  below.open = async (options) => {
    const session = await opened(options);
    // The server's own are none of these.
    if (!options.schema.tables.some(({ model }) => model === 'city')) return session;
    const call = session[name].bind(session) as (...args: unknown[]) => Promise<never>; // one of the two
    session[name] = async (...args: unknown[]) => {
      reach?.();
      await held;
      return call(...args);
    };
    return session;
  };
  return { below, reached, go: () => { go?.(); } };
}

async function none(): Promise<void> {
  for (let tries = 0; tries < 500 && served.server.stats().transactions > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(served.server.stats().transactions).toBe(0);
}

test('a transaction that is open for too long is rolled back, however much it is used, and its connection goes on', async () => {
  served = await Served.begin({ limits: { maxTransactionTime: '300ms', idleTimeout: '2s' } });
  const client = served.client();
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  const using = (async () => { for (;;) expect(await count(session)).toBe(1); })();
  await expect(using).rejects.toMatchObject(TOO_LONG);
  expect(session.state).toBe('rolled back');
  await served.add(client, 'kept');
  expect(await served.names()).toEqual(['kept']);
  await none();
});

test('what runs in it when its time is up is done to its end, and the next call is told', async () => {
  const { below, reached, go } = holding('count');
  served = await Served.begin({ limits: { maxTransactionTime: '50ms' } }, below);
  const session = await served.client().open({ schema: served.schema });
  await insert(session, 'lost');
  const counting = count(session);
  // Right behind it, before anybody knows.
  const next = expect(insert(session, 'lost, too')).rejects.toMatchObject(TOO_LONG);
  await reached;
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  go();
  expect(await counting).toBe(1);
  await next;
  expect(await served.names()).toEqual([]);
});

test('a COMMIT that runs when its time is up counts', async () => {
  const { below, reached, go } = holding('commit');
  served = await Served.begin({ limits: { maxTransactionTime: '50ms' } }, below);
  const session = await served.client().open({ schema: served.schema });
  await insert(session, 'kept');
  const committing = session.commit();
  await reached;
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  go();
  await committing;
  expect([session.state, await served.names()]).toEqual(['committed', ['kept']]);
  await none();
});

test('what was told that it was too late takes no place among those of its connection for longer than it may lie idle', async () => {
  served = await Served.begin({ limits: { idleTimeout: '100ms', maxTransactions: 1 } });
  const client = served.client();
  for (let times = 0; times < 2; times += 1) {
    const session = await client.open({ schema: served.schema });
    expect(await count(session)).toBe(0);
    await new Promise((resolve) => { setTimeout(resolve, 150); });
    await expect(count(session)).rejects.toMatchObject({ code: 'REMOTE_IDLE' });
    await none();
  }
});
