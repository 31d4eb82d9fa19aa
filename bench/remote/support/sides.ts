import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openOrmolu, postgres, remote } from 'ormolu';
import { Client } from 'pg';
import type { Timed } from '../../harness';
import { filled, models, type World } from '../../storage/support/open-world';

const CITIES = 10_000;

/** What both sides do, once in each transaction. */
export interface Work {
  readonly times: number;
  /** Whether anybody may keep anything. */
  readonly keeps: boolean;
  readonly work: (env: World) => Promise<unknown>;
}

/** The database open in this process. */
export async function local({ times, keeps, work }: Work): Promise<Timed> {
  const { url, drop } = await filled(CITIES);
  const db = await openOrmolu({ models, storage: postgres(url), ...(keeps ? {} : { localCache: false }) });
  await db.transaction(work);
  return {
    run: async () => {
      for (let n = 0; n < times; n += 1) await db.transaction(work);
    },
    close: async () => {
      await db.close();
      await drop();
    },
  };
}

/** The database open in another process of this machine, which serves it. */
export async function overNetwork({ times, ...asked }: Work): Promise<Timed> {
  const { once: run, close } = await served(asked);
  return {
    run: async () => {
      for (let n = 0; n < times; n += 1) await run();
    },
    close,
  };
}

/** How often such a transaction waits for the server. */
export async function tripsOf(asked: Work): Promise<number> {
  const { once: run, storage, close } = await served(asked);
  const before = storage.roundTrips;
  await run();
  const trips = storage.roundTrips - before;
  await close();
  return trips;
}

/** What it costs to begin is behind it. */
async function served({ keeps, work }: Pick<Work, 'keeps' | 'work'>): Promise<{ readonly once: () => Promise<unknown>; readonly storage: ReturnType<typeof remote>; readonly close: () => Promise<void> }> {
  const { url, drop } = await filled(CITIES);
  const server: ChildProcess = fork(join(__dirname, 'server.ts'), [url, ...keeps ? [] : ['none']], { execArgv: process.execArgv });
  const [address] = await once(server, 'message') as [string];
  const storage = remote(address);
  const db = await openOrmolu({ models, storage, ...(keeps ? {} : { localCache: false }) });
  await db.transaction(work);
  return {
    once: () => db.transaction(work),
    storage,
    close: async () => {
      await db.close();
      const ended = once(server, 'exit');
      server.disconnect();
      await ended;
      await drop();
    },
  };
}

/** Statements by hand, in transactions of their own, on tables without our triggers. */
export async function byHand(times: number, work: (client: Client) => Promise<unknown>): Promise<Timed> {
  const { url, drop } = await filled(CITIES, 0, false);
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    run: async () => {
      for (let n = 0; n < times; n += 1) {
        await client.query('begin isolation level repeatable read');
        await work(client);
        await client.query('commit');
      }
    },
    close: async () => {
      await client.end();
      await drop();
    },
  };
}
