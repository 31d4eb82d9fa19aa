import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import type { SessionOptions } from '@ormolu/kernel';
import { Client } from 'pg';
import { char, memory, openOrmolu, postgres, type DefinitionsOf, type Ormolu, type TransactionOptions } from '../src/index';
import { base, computations, mayors } from './support/fleet-models';
import { heardWarnings } from './support/heard-warnings';

jest.setTimeout(120_000);

/** What a member of the fleet saw in one transaction. */
interface Seen {
  readonly version: number;
  readonly name: string;
  readonly label: string;
  readonly computations: number;
  readonly runs: number;
  readonly hits: number;
  readonly warnings: readonly string[];
}

/** Another process with the same database. */
class Member {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(url: string, ...options: readonly string[]) {
    this.#child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join(__dirname, 'support/fleet-member.ts'), url, ...options], { cwd: join(__dirname, '../../..') });
    this.#child.stderr.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async see(options: TransactionOptions = {}): Promise<Seen> {
    this.#child.stdin.write(`${JSON.stringify(options)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(this.#errors);
    return JSON.parse(value) as Seen;
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await gone;
  }
}

const next = base.with(mayors);
let database: ScratchDatabase;
let db: Ormolu<DefinitionsOf<typeof base>>;
const members: Member[] = [];
const member = (...options: readonly string[]): Member => {
  const one = new Member(database.url, ...options);
  members.push(one);
  return one;
};

beforeEach(async () => {
  database = await createDatabase();
  // The tables have what the newer version needs before it is taken: to the older one another column makes no difference.
  const migrating = await openOrmolu({ models: next, storage: postgres(database.url) });
  await migrating.migrate();
  await migrating.close();
  db = await openOrmolu({ models: base, storage: postgres(database.url) });
  await db.transaction((env) => env.model('city').create({ name: 'Ghent', size: 1 }));
});
afterEach(async () => {
  await Promise.all(members.splice(0).map((one) => one.end()));
  await db.close();
  await database.drop();
});

test('another process takes reloaded models with its next transaction, at every isolation level, and back again; what it kept of the old ones it does not use', async () => {
  const [other, off] = [member('mayors'), member('mayors', 'off')];
  for (const one of [other, off]) await one.see();
  expect(await other.see()).toEqual({ version: base.version, name: 'Ghent', label: 'Ghent', computations: 1, runs: 1, hits: 1, warnings: [] });
  expect(await off.see()).toEqual({ version: base.version, name: 'Ghent', label: 'Ghent', computations: 1, runs: 1, hits: 0, warnings: [] });
  let expected = 1;
  for (const isolation of ['repeatable read', 'read committed', 'serializable'] as const) {
    for (const { reload, version, label } of [{ reload: () => db.reload(next), version: next.version, label: 'Ghent of nobody' }, { reload: () => db.reload(base), version: base.version, label: 'Ghent' }]) {
      await reload();
      expected += 1;
      for (const one of [other, off]) {
        const seen = await one.see({ isolation, tries: 1 });
        // At REPEATABLE READ what was reloaded comes with the first answer, and the work begins anew.
        expect({ isolation, ...seen }).toEqual({ isolation, version, name: 'Ghent', label, computations: expected, runs: isolation === 'repeatable read' ? 2 : 1, hits: 0, warnings: [] });
        // At SERIALIZABLE each transaction computes for itself.
        expect(await one.see({ isolation, tries: 1 })).toMatchObject({ version, label, computations: isolation === 'serializable' ? expected + 1 : expected, runs: 1 });
      }
      if (isolation === 'serializable') expected += 1;
    }
  }
});

test('a transaction that began before keeps its models', async () => {
  const there = await openOrmolu({ models: base, storage: postgres(database.url), modules: [mayors] });
  await there.transaction((env) => env.model('city').browse(1).load(['name']));
  const seen = await there.transaction(async (env) => {
    await env.model('city').browse(1).load(['name']);
    await db.reload(next);
    await db.transaction((writing) => writing.model('city').browse(1).write({ size: 2 }));
    // Another transaction of the process has heard of it meanwhile.
    const [newer] = await Promise.all([there.transaction((beside) => beside.model('city').browse(1).load(['name']).then(() => beside.transaction.registry.version))]);
    await env.model('city').browse(1).load(['size']);
    return [env.transaction.registry.version, newer];
  });
  expect(seen).toEqual([base.version, next.version]);
  await there.close();
});

test.each<readonly [string, readonly string[]]>([
  ['the log was trimmed', ['update city set size = 3', 'update city set size = 4', 'select ormolu_log_trim(1)']],
  ['the log grew by more than a poll brings', ['insert into ormolu_log (model, id) select \'city\', g::text from generate_series(1, 60000) g']],
  ['others migrated', ['create table visit (city bigint references city)', 'select ormolu_log_signal(array[\'$tables\'])']],
])('who slept while models were reloaded and %s follows when he wakes', async (_, statements) => {
  const there = await openOrmolu({ models: base, storage: postgres(database.url), modules: [mayors] });
  const outside = new Client({ connectionString: database.url });
  await outside.connect();
  try {
    await there.transaction((env) => env.model('city').browse(1).load(['name']));
    await db.reload(next);
    for (const statement of statements) await outside.query(statement);
    const versions: number[] = [];
    for (let n = 0; n < 2; n += 1) versions.push(await there.transaction(async (env) => {
      await env.model('city').browse(1).load(['name']);
      return env.transaction.registry.version;
    }));
    // Where more has happened than one look tells, the first transaction goes on with what there was.
    expect(versions.at(-1)).toBe(next.version);
    if (statements.some((text) => text.includes('trim('))) expect(versions).toEqual([next.version, next.version]);
  } finally {
    await outside.end();
    await there.close();
  }
});

describe('while others alter tables, of which a process has not heard yet when it asks,', () => {
  const SIGNAL = 'select ormolu_log_signal(array[\'$tables\'])';
  let outside: Client;
  let there: typeof db;
  const versionThere = (options: TransactionOptions = {}): Promise<number> => there.transaction((env) => env.model('city').browse(1).load(['name']).then(() => env.transaction.registry.version), options);
  beforeEach(async () => {
    outside = new Client({ connectionString: database.url });
    await outside.connect();
    there = await openOrmolu({ models: base, storage: postgres(database.url), modules: [mayors] });
    for (let n = 0; n < 3; n += 1) for (const one of [db, there]) await one.transaction((env) => env.model('city').browse(1).load(['name']));
  });
  afterEach(async () => {
    await outside.end();
    await there.close();
  });

  test.each<readonly [string, string]>([
    ['a column', 'alter table city add column handmade int'], ['a foreign key', 'create table visit (city bigint references city)'], ['what is signalled', SIGNAL],
  ])('who reloads tells the others: %s', async (_, statement) => {
    await outside.query(statement);
    await db.reload(next);
    expect((await outside.query("select from ormolu_log where model like '$models%'")).rowCount).toBe(1);
    await versionThere();
    expect(await versionThere()).toBe(next.version);
  });

  test('who reloads later than another has to look first', async () => {
    await db.reload(next);
    await outside.query(SIGNAL);
    await expect(there.reload(base.extend({ city: { code: char() } }))).rejects.toMatchObject({ code: 'DB_MODELS_RELOADED' });
    expect(there.registry.version).toBe(next.version);
  });

  test('and who waits for another that reloads, has been slower, too', async () => {
    const waiting = new Client({ connectionString: database.url });
    await waiting.connect();
    try {
      await outside.query('begin; select pg_advisory_xact_lock(x\'4f726d52656c\'::int8)');
      const reloading = there.reload(base.extend({ city: { code: char() } })).then(() => 'told', (error: unknown) => (error as { code: unknown }).code);
      while ((await waiting.query("select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())")).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await waiting.query(SIGNAL);
      // Another transaction of the same process hears of it meanwhile.
      await versionThere();
      await outside.query('insert into ormolu_log (model) values ($1)', [`$models ${JSON.stringify({ by: 'somebody', patch: next.registry().patchFrom(base.registry()) })}`]);
      await outside.query('commit');
      expect(await reloading).toBe('DB_MODELS_RELOADED');
    } finally {
      await waiting.end();
    }
  });

  test.each(['repeatable read', 'read committed', 'serializable'] as const)('all the time, reloads are followed with the next transaction, at %s', async (isolation) => {
    for (const { reload, version } of [{ reload: () => db.reload(next), version: next.version }, { reload: () => db.reload(base), version: base.version }]) {
      await reload();
      await outside.query(SIGNAL);
      expect(await versionThere({ isolation })).toBe(version);
    }
  });
});

test('who finds other tables each time he begins reloads nothing, and says so', async () => {
  const outside = new Client({ connectionString: database.url });
  await outside.connect();
  let isAltering = false;
  const storage = new Proxy(postgres(database.url), {
    get: (of, name): unknown => {
      const value: unknown = Reflect.get(of, name, of);
      if (name !== 'open' || typeof value !== 'function') return typeof value === 'function' ? value.bind(of) : value;
      return async (options: SessionOptions): Promise<unknown> => {
        const session = await of.open(options);
        if (isAltering) await outside.query('drop table if exists visit; create table visit (city bigint references city)');
        return session;
      };
    },
  });
  const there = await openOrmolu({ models: base, storage, modules: [mayors] });
  isAltering = true;
  await expect(there.reload(next)).rejects.toMatchObject({ code: 'DB_MODELS_UNTOLD' });
  expect(there.registry.version).toBe(base.version);
  isAltering = false;
  await there.reload(next);
  expect((await outside.query("select from ormolu_log where model like '$models%'")).rowCount).toBe(1);
  await there.close();
  await outside.end();
});

test('who cannot look at the log, having no connection for it, reloads nothing, and says so', async () => {
  const role = `r_${new URL(database.url).pathname.slice(1)}`;
  const [outside, url] = [new Client({ connectionString: database.url }), new URL(database.url)];
  await outside.connect();
  await outside.query(`create role ${role} login password 'none'; grant all on all tables in schema public to ${role}`);
  [url.username, url.password] = [role, 'none'];
  const there = await openOrmolu({ models: base, storage: postgres(url.href), modules: [mayors] });
  try {
    await there.transaction((env) => env.model('city').browse(1).load(['name']));
    await outside.query(`alter role ${role} connection limit 1`);
    await expect(there.reload(next)).rejects.toMatchObject({ code: 'STORAGE_REFUSED' });
    expect(there.registry.version).toBe(base.version);
    await outside.query(`alter role ${role} connection limit -1`);
    await there.reload(next);
    expect((await outside.query("select from ormolu_log where model like '$models%'")).rowCount).toBe(1);
  } finally {
    await there.close();
    await outside.query(`drop owned by ${role}; drop role ${role}`);
    await outside.end();
  }
});

test('a process without the module goes on with what it has, and says so once', async () => {
  const other = member();
  await other.see();
  await db.reload(next);
  const refused = expect.stringMatching(/^DB_MODELS_REFUSED .*'mayors'/) as string;
  expect(await other.see()).toMatchObject({ version: base.version, label: 'Ghent', warnings: [refused] });
  expect(await other.see()).toMatchObject({ version: base.version, label: 'Ghent', hits: 1, warnings: [] });
});

test('who reloads later than another has to look first; who cannot be built changes nothing; a rollback tells nobody', async () => {
  const there = await openOrmolu({ models: base, storage: postgres(database.url), modules: [mayors] });
  for (const one of [db, there]) await one.transaction((env) => env.model('city').browse(1).load(['name']));
  await db.reload(next);
  await expect(there.reload(base.extend({ city: { code: char() } }))).rejects.toMatchObject({ code: 'DB_MODELS_RELOADED' });
  expect(there.registry.version).toBe(next.version);
  // @ts-expect-error the compiler knows that there is no such field
  const wrong = base.compute('city', 'label', ['nobody'], () => '');
  await expect(db.reload(wrong)).rejects.toMatchObject({ code: 'REGISTRY_SETUP_FAILED' });
  expect(db.registry.version).toBe(next.version);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const told = async (): Promise<number> => (await client.query("select from ormolu_log where model like '$models%'")).rowCount ?? 0;
  expect(await told()).toBe(1);
  await there.close();
  await expect(there.reload(base)).rejects.toMatchObject({ code: 'DB_CLOSED' });
  expect(await told()).toBe(1);
  await client.end();
});

test('what is no reload, or told by who may not, keeps nobody from his work', async () => {
  const warnings = heardWarnings();
  const version = (): Promise<number> => db.transaction((env) => env.model('city').browse(1).load(['name']).then(() => env.transaction.registry.version));
  const client = new Client({ connectionString: database.url });
  await client.connect();
  expect(await version()).toBe(base.version);
  const patch = JSON.stringify({ by: 'somebody', patch: next.registry().patchFrom(base.registry()) });
  await client.query('select ormolu_log_signal($1)', [[`$models ${patch}`, '$models {}']]);
  expect([await version(), warnings.take()]).toEqual([base.version, []]);
  for (const told of ['', 'no patch', '{}', '{"patch":{"patches":[{"op":"remove","path":["models"]}]}}']) await client.query('insert into ormolu_log (model) values ($1)', [`$models ${told}`]);
  expect(await version()).toBe(base.version);
  expect(warnings.take()).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^DB_MODELS_REFUSED /) as string));
  const role = `writer_${new URL(database.url).pathname.slice(1)}`;
  await client.query(`create role ${role}; grant select on all tables in schema public to ${role}; alter database ${new URL(database.url).pathname.slice(1)} set role = ${role}`);
  const there = await openOrmolu({ models: base, storage: postgres(database.url) });
  await there.transaction((env) => env.model('city').browse(1).load(['name']));
  await expect(there.reload(next)).rejects.toMatchObject({ code: 'STORAGE_CHANGE_LOG' });
  expect([there.registry.version, await version()]).toEqual([base.version, base.version]);
  await there.close();
  await client.query(`reset role; alter database ${new URL(database.url).pathname.slice(1)} reset role; drop owned by ${role}; drop role ${role}`);
  await client.end();
  warnings.end();
});

test('a clear travels with its transaction to another process, and not at all when that is rolled back', async () => {
  const other = member();
  const count = async (): Promise<number> => (await other.see()).computations;
  expect([await count(), await count()]).toEqual([1, 1]);
  await expect(db.transaction(async (env) => {
    await computations.clear(env);
    expect(await count()).toBe(1);
    throw new Error('taken back');
  })).rejects.toThrow('taken back');
  expect(await count()).toBe(1);
  await db.transaction(async (env) => {
    await computations.clear(env);
    expect(await count()).toBe(1);
  });
  expect([await count(), await count()]).toEqual([2, 2]);
  await db.clearCaches('fleet');
  expect(await count()).toBe(3);
});

test('where no other process can be, a reload is this one\'s alone', async () => {
  const alone = await openOrmolu({ models: base, storage: memory() });
  await alone.reload(next);
  expect(alone.registry.version).toBe(next.version);
  await alone.close();
});
