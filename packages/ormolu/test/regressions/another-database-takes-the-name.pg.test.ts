import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { defineModels, integer, openOrmolu, postgres, type EnvironmentOf } from '../../src/index';

const models = defineModels({ city: { size: integer() } });
const sizeOf = async (env: EnvironmentOf<typeof models>): Promise<number | null> => (await env.model('city').browse(1).load(['size'])).size;
const LEVELS = ['repeatable read', 'read committed', 'serializable'] as const;

async function saying(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** What may happen to a database while a process has it open; its connections are cut. The city then has the size 1, and had 42. */
const MADE_ANEW = [
  ['a copy of a template takes the name of the database', async (url: string) => {
    const name = new URL(url).pathname.slice(1);
    const beside = Object.assign(new URL(url), { pathname: '/postgres' }).href;
    await saying(beside, `create database ${name}_template template ${name}`);
    await saying(url, 'update city set size = 42');
    return () => saying(beside, `drop database ${name} with (force)`, `alter database ${name}_template rename to ${name}`);
  }],
  ['who connects begins in another namespace', async (url: string) => {
    const name = new URL(url).pathname.slice(1);
    await saying(url, 'create schema b', 'create table b.city (like public.city including all)', 'insert into b.city select * from public.city', 'update city set size = 42');
    return () => saying(url, `alter database ${name} set search_path = b, public`, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
  }],
] as const;

test.each(MADE_ANEW)('%s: nothing of what was there before is answered from a cache', async (_, prepare) => {
  const scratch = await createDatabase();
  const boot = await openOrmolu({ models, storage: postgres(scratch.url) });
  await boot.migrate();
  await boot.transaction((env) => env.model('city').create({ size: 1 }));
  await boot.close();
  const becomesAnother = await prepare(scratch.url);
  const db = await openOrmolu({ models, storage: postgres(scratch.url) });
  try {
    expect([await db.transaction(sizeOf), await db.transaction(sizeOf)]).toEqual([42, 42]);
    await becomesAnother();
    for (const isolation of LEVELS) expect([isolation, await db.transaction(sizeOf, { isolation })]).toEqual([isolation, 1]);
  } finally {
    await db.close();
    await scratch.drop();
  }
});
