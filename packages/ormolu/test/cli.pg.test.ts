import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { Schema, type Session } from '@ormolu/kernel';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { runCli } from '../src/cli/program';
import { openOrmolu, postgres, remote, type Storage } from '../src/index';
import { before, models } from './support/cli-models';

const root = join(__dirname, '..', '..', '..');
const MODELS = join(__dirname, 'support', 'cli-models.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in a process of its own. */
function ormolu(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), join(root, 'packages', 'ormolu', 'src', 'cli', 'main.ts'), ...args], {
    cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

/** The same in this process, which takes no time to start. */
async function here(args: readonly string[]): Promise<Ended> {
  let [out, err] = ['', ''];
  const code = await runCli(args, { out: (text) => (out += `${text}\n`), note: (text) => (err += `${text}\n`) });
  return { code, out, err };
}

/** Tables of the models as they were, with some records. */
async function fill(storage: Storage, cities: number): Promise<void> {
  const db = await openOrmolu({ models: before, storage });
  await db.migrate();
  await db.transaction(async (env) => {
    const country = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create(Array.from({ length: cities }, (_, n) => ({ name: `c${n}`, country })));
  });
  await db.close();
}

let scratch: ScratchDatabase;
let folder: string;
beforeAll(async () => {
  scratch = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'ormolu-cli-'));
});
afterAll(async () => {
  await scratch.drop();
  rmSync(folder, { recursive: true, force: true });
});

test('a plan is printed and changes nothing; two processes that migrate at once do it once, the backfill included', async () => {
  await fill(postgres(scratch.url), 3000);
  const args = ['migrate', '--models', MODELS, '--storage', scratch.url];
  const plan = await ormolu([...args, '--plan']);
  expect(plan).toMatchObject({ code: 0, err: 'New fields of existing records: city.displayName, city.size.\n' });
  const [tables, changeLog = ''] = plan.out.split(/^(?=create or replace function)/m);
  expect(tables).toBe('alter table "city" add column "display_name" text collate "C";\nalter table "city" add column "size" integer;\n');
  // The new columns are watched, too, and who keeps records without them learns of it, as of tables that others have changed.
  expect(changeLog.split('\n').filter((line) => line.startsWith('create') || line.startsWith('insert'))).toEqual([
    expect.stringMatching(/^create or replace function "ormolu_log_city"\(\) .*\["country","display_name","name","size"\]$/), 'insert into "public"."ormolu_log" (model) values (\'city\'), (\'$tables\');',
  ]);
  expect((await ormolu([...args, '--plan'])).out).toBe(plan.out);

  const both = await Promise.all([1, 2].map(() => ormolu([...args, '--batch-size', '1000'])));
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both.map(({ out }) => out).sort()).toEqual(['Filled size of 3000 records of city.\nFilled displayName of 3000 records of city.\nRan 4 statements.\n', 'Nothing to do.\n']);
  expect(both.map(({ err }) => err).join('').match(/^city: displayName .*$/gm)).toEqual(['city: displayName 1000/3000', 'city: displayName 2000/3000', 'city: displayName 3000/3000']);
  const db = await openOrmolu({ models, storage: postgres(scratch.url) });
  expect(await db.transaction((env) => env.model('city').count({ displayName: { like: 'c%, Belgium' }, size: 1 }))).toBe(3000);
  await db.close();
});

test('an embedded database is named by its directory, also by the environment', async () => {
  const dataDir = join(folder, 'data');
  const { code, out } = await ormolu(['migrate', '--models', MODELS], { ORMOLU_STORAGE: `pglite:${dataDir}` });
  expect(code).toBe(0);
  expect(out).toMatch(/^Ran \d+ statements\.\n$/);
  expect(existsSync(join(dataDir, 'PG_VERSION'))).toBe(true);
});

test('a database is served until Ctrl-C, over a pool of as many connections as were said, and migrated through the server', async () => {
  const served = await createDatabase();
  const child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), join(root, 'packages', 'ormolu', 'src', 'cli', 'main.ts'), 'serve', '--models', MODELS, '--storage', served.url, '--port', '0', '--pool', '2'], {
    cwd: root, env: { ...process.env, ORMOLU_TOKEN: 'a-token-of-the-command-line' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => { child.once('close', resolve); });
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => { resolve(chunk.toString()); });
    child.once('close', () => { reject(new Error('The server ended before it said where it is.')); });
  });
  const [, url = ''] = /^Serving (tcp:\/\/127\.0\.0\.1:\d+)\n$/.exec(said) ?? [];
  expect(await here(['migrate', '--models', MODELS, '--storage', url, '--token', 'another-token-of-it'])).toMatchObject({ code: 1, err: expect.stringMatching(/^REMOTE_ACCESS: /) as string });
  expect(await here(['migrate', '--models', MODELS, '--storage', url, '--token', 'a-token-of-the-command-line'])).toMatchObject({ code: 0, out: expect.stringMatching(/^Ran \d+ statements\.\n$/) as string });
  // The pool has two: whoever comes third waits for one of them.
  const client = remote(url, { token: 'a-token-of-the-command-line' });
  const [first, second, third] = await Promise.all([0, 1, 2].map(() => client.open({ schema: new Schema([]) }))) as [Session, Session, Session]; // three of them
  for (const session of [first, second]) await session.sql('select 1', []);
  let hasBegun = false;
  const beginning = third.sql('select 1', []).then(() => { hasBegun = true; });
  for (let times = 0; times < 10; times += 1) await first.sql('select 1', []);
  expect(hasBegun).toBe(false);
  await first.rollback();
  await beginning;
  for (const session of [second, third]) await session.rollback();
  await client.close();
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  await served.drop();
});

test.each(['SIGTERM', 'SIGINT'] as const)('a server that is told to end by %s rolls back what is open, says so to its clients, and tells nobody a secret', async (signal) => {
  const served = await createDatabase();
  await openOrmolu({ models: before, storage: postgres(served.url) }).then(async (db) => { await db.migrate(); await db.close(); });
  const token = 'a-secret-token-of-the-command-line';
  const child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), join(root, 'packages', 'ormolu', 'src', 'cli', 'main.ts'), 'serve', '--models', MODELS, '--storage', served.url, '--port', '0', '--token', token], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => { child.once('close', resolve); });
  await Promise.race([new Promise((resolve) => { child.stdout.once('data', resolve); }), ended]);
  const client = remote(/tcp:\S+/.exec(said)?.[0] ?? '', { token });
  const session = await client.open({ schema: new Schema([]) });
  await session.sql('create table lost (id int)', []);
  child.kill(signal);
  await expect(session.sql('select pg_sleep(10)', [])).rejects.toThrow('broke: the server is closing');
  await session.rollback();
  expect([await ended, said.replace(/\d+\n/, 'PORT\n')]).toEqual([0, 'Serving tcp://127.0.0.1:PORT\nClosing.\n']);
  await client.close();
  const db = postgres(served.url);
  const left = await db.open({ schema: new Schema([]) });
  expect(await left.sql("select to_regclass('lost') is null gone, count(*)::int busy from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()", [])).toEqual([{ gone: true, busy: 0 }]);
  await left.rollback();
  await db.close();
  await served.drop();
});

test('whoever ends a server as soon as it says where it is has it closed in order', async () => {
  const jsModels = join(folder, 'ended.cjs');
  (globalThis as { ormoluTestModels?: unknown }).ormoluTestModels = models;
  writeFileSync(jsModels, 'exports.models = globalThis.ormoluTestModels;');
  const said: string[] = [];
  // Nobody listening is what a process ends by.
  let isHeard = false;
  const code = await runCli(['serve', '--models', jsModels, '--storage', join(folder, 'ended'), '--port', '0'], {
    out: (text) => { said.push(text); isHeard = process.emit('SIGTERM'); if (!isHeard) setImmediate(() => process.emit('SIGTERM')); },
    note: (text) => { said.push(text); },
  });
  expect([isHeard, code, said]).toEqual([true, 0, [expect.stringMatching(/^Serving tcp:/), 'Closing.']]);
});

test('what is wrong with a server is said with its remedy before anything is opened, and it does not end well', async () => {
  const jsModels = join(folder, 'served.cjs');
  (globalThis as { ormoluTestModels?: unknown }).ormoluTestModels = models;
  writeFileSync(jsModels, 'exports.models = globalThis.ormoluTestModels;');
  const dataDir = join(folder, 'never');
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const [first, second] = await Promise.all(['first', 'second'].map((value) => generate([{ name: 'commonName', value }], { keyType: 'ec' })));
  const [key, cert, other, none] = [file('key.pem', first?.private ?? ''), file('cert.pem', first?.cert ?? ''), file('other.pem', second?.private ?? ''), file('none.pem', 'secret')];
  const runs: readonly (readonly [number, string, readonly string[]])[] = [
    [1, 'CLI_SERVE: --key is given without --cert, and nobody could connect. Give both', ['--key', key]],
    [1, 'CLI_SERVE: --cert is given without --key, and nobody could connect. Give both', ['--cert', cert]],
    [1, `CLI_SERVE: --cert names ${none}, which holds no certificate in PEM`, ['--key', key, '--cert', none]],
    [1, `CLI_SERVE: --cert names ${key}, which holds no certificate in PEM`, ['--key', cert, '--cert', key]],
    [1, `CLI_SERVE: --key names ${none}, which holds no private key in PEM`, ['--key', none, '--cert', cert]],
    [1, `CLI_SERVE: --key names ${file('empty.pem', '')}, which holds no private key in PEM`, ['--key', file('empty.pem', ''), '--cert', cert]],
    [1, `CLI_SERVE: The key of ${other} is not that of the certificate of ${cert}`, ['--key', other, '--cert', cert]],
    ...['', 'x', '-1', '80.5', '0x50', '65536', '1e3', ' 80'].map((port) => [2, `option '--port <port>' argument '${port}' is invalid. It takes a whole number from 0 to 65535`, ['--port', port]] as const),
    ...['', 'x', '0', '-1', '1.5', '100000'].map((pool) => [2, `option '--pool <connections>' argument '${pool}' is invalid. It takes a whole number from 1`, ['--pool', pool]] as const),
    [1, 'CLI_STORAGE: --pool says how many connections of a PostgreSQL database are open at a time, and --storage names none', ['--pool', '5']],
    [2, "unknown option '--ports'", ['--ports', '1']],
  ];
  for (const [code, text, args] of runs) {
    const ended = await here(['serve', '--models', jsModels, '--storage', dataDir, ...args]);
    expect(ended).toMatchObject({ code, out: '', err: expect.stringContaining(text) as string });
    expect(ended.err).not.toMatch(/secret|\n +at /);
  }
  expect(existsSync(dataDir)).toBe(false);
  const taken = createServer();
  await new Promise<void>((resolve) => { taken.listen(0, '127.0.0.1', resolve); });
  const { port } = taken.address() as AddressInfo;
  expect(await here(['serve', '--models', jsModels, '--storage', join(folder, 'unserved'), '--port', String(port)]))
    .toEqual({ code: 1, out: '', err: `CLI_SERVE: serve cannot listen on 127.0.0.1, port ${String(port)}: another program listens there. End it, or take another --port.\n` });
  await new Promise((resolve) => { taken.close(resolve); });
});

test('what is wrong is said with its remedy, and no password', async () => {
  const noModels = join(folder, 'none.cjs');
  writeFileSync(noModels, 'exports.tables = {};');
  // What it holds comes from this process, whose own copy of the packages is typed in this test.
  const jsModels = join(folder, 'models.cjs');
  (globalThis as { ormoluTestModels?: unknown }).ormoluTestModels = models;
  writeFileSync(jsModels, 'exports.models = globalThis.ormoluTestModels;');
  const storage = ['--storage', join(folder, 'unused')];
  const runs: readonly (readonly [number, string, readonly string[]])[] = [
    [2, "required option '--models <file>' not specified", ['migrate', ...storage]],
    [2, "unknown option '--plam'", ['migrate', '--models', MODELS, ...storage, '--plam']],
    [2, "unknown command 'migrat'", ['migrat']],
    [1, 'CLI_MODELS: There is no file', ['migrate', '--models', join(folder, 'nowhere.js'), ...storage]],
    [1, "CLI_MODELS: The module '", ['migrate', '--models', noModels, ...storage]],
    [1, 'CLI_STORAGE: ', ['migrate', '--models', jsModels, '--storage', 'mysql://me:secret@host/db']],
    ...['postgres//me:secret@host/db', 'postgres:/me:secret@host/db', 'me:secret@host', 'pglite:postgres//me:secret@host/db', 'postgres;//host/secret'].map((place) => [1, 'CLI_STORAGE: ', ['migrate', '--models', jsModels, '--storage', place]] as const),
    [1, 'CLI_SERVE: serve cannot listen on 192.0.2.1', ['serve', '--models', jsModels, ...storage, '--host', '192.0.2.1', '--port', '0', '--token', 'a-token-of-the-command-line']],
    [1, 'CLI_SERVE: serve cannot listen on nowhere.invalid, port 0: nobody knows an address of that name', ['serve', '--models', jsModels, ...storage, '--host', 'nowhere.invalid', '--port', '0', '--token', 'a-token-of-the-command-line']],
    [1, "REMOTE_OPTION: serve() was to listen on 0.0.0.0 without 'auth'", ['serve', '--models', jsModels, ...storage, '--host', '0.0.0.0', '--port', '0']],
    [1, 'CLI_SERVE: --key names ', ['serve', '--models', jsModels, ...storage, '--key', join(folder, 'nowhere.pem'), '--cert', join(folder, 'nowhere.pem')]],
    [1, 'DB_OPTION_INVALID: ', ['migrate', '--models', jsModels, ...storage, '--batch-size', 'x']],
    [1, 'STORAGE_REFUSED: ', ['migrate', '--models', jsModels, '--storage', 'postgres://me:secret@127.0.0.1:1/db']],
  ];
  for (const [code, text, args] of runs) {
    const ended = await here(args);
    expect(ended).toMatchObject({ code, out: '', err: expect.stringContaining(text) as string });
    expect(ended.err).not.toContain('secret');
  }
  const guessable = await here(['serve', '--models', jsModels, ...storage, '--port', '0', '--token', 'guessable']);
  expect(guessable).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^REMOTE_OPTION: .* whose token is too short/) as string });
  expect(guessable.err).not.toContain('guessable');
  // No directory is made of what was meant as a URL.
  expect(existsSync('postgres//me:secret@host')).toBe(false);
  expect((await here(['--help'])).out).toContain('migrate');
});
