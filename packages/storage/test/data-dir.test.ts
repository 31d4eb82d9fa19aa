import { EVERYTHING, Schema, type Storage } from '@ormolu/kernel';
import { pglite } from '@ormolu/storage/pglite';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { column } from '../src/compliance/fixture';

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);

describe('a data directory', () => {
  let root: string;
  let template: string;
  const opened: Storage[] = [];
  const open = (dataDir: string): Storage => {
    const storage = pglite({ dataDir });
    opened.push(storage);
    return storage;
  };
  const refusal = async (dataDir: string): Promise<Error & { code?: string }> => {
    const storage = open(dataDir);
    return storage.open({ schema: SCHEMA }).then(() => new Error('it opened'), (error: unknown) => error as Error);
  };

  beforeAll(async () => {
    template = mkdtempSync(join(tmpdir(), 'ormolu-template-'));
    const storage = pglite({ dataDir: template });
    await storage.migrate(SCHEMA);
    await storage.close();
  });

  afterAll(() => rmSync(template, { recursive: true, force: true }));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ormolu-data-'));
  });

  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('keeps what was committed, and is made with the directories above it', async () => {
    const dataDir = join(root, 'deep', 'data');
    const first = open(dataDir);
    expect(first.capabilities.durable).toBe(true);
    await first.migrate(SCHEMA);
    const session = await first.open({ schema: SCHEMA });
    await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['Ghent']] });
    await session.commit();
    await first.close();
    const second = open(dataDir);
    expect((await second.migrate(SCHEMA)).statements).toEqual([]);
    const reader = await second.open({ schema: SCHEMA });
    expect((await reader.query({ model: 'city', filter: EVERYTHING, fields: ['name'] })).columns).toEqual([['Ghent']]);
    await reader.rollback();
    await second.close();
    expect(readdirSync(dataDir)).not.toContain('ormolu.lock');
  });

  test('that is a file is refused and kept', async () => {
    const file = join(root, 'file');
    writeFileSync(file, 'precious');
    expect(await refusal(file)).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining('it is a file') });
    expect(await refusal(join(file, 'below'))).toMatchObject({ code: 'STORAGE_DATA_DIR' });
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test('that cannot be made is refused, where the file system says of every new name that it does not exist too', async () => {
    // On Linux, Node's own recursive mkdir goes on for ever there.
    expect(await refusal('/proc/ormolu/data')).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining('cannot be made') });
  });

  test('that is a link to nowhere is refused', async () => {
    symlinkSync(join(root, 'nowhere'), join(root, 'link'));
    expect(await refusal(join(root, 'link'))).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining('cannot be made') });
  });

  test('with other files in it is refused and kept', async () => {
    writeFileSync(join(root, 'thesis.txt'), 'precious');
    expect(await refusal(root)).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining('no PostgreSQL database') });
    expect(readdirSync(root)).toEqual(['thesis.txt']);
  });

  test('of another version of PostgreSQL is refused and kept', async () => {
    writeFileSync(join(root, 'PG_VERSION'), '15\n');
    expect(await refusal(root)).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringMatching(/PostgreSQL 15.*embedded one is 18/) });
    expect(readdirSync(root)).toEqual(['PG_VERSION']);
  });

  test('whose control file is garbage is refused, with the words of PostgreSQL', async () => {
    cpSync(template, root, { recursive: true });
    truncateSync(join(root, 'global', 'pg_control'), 10);
    const before = readdirSync(root, { recursive: true });
    const error = await refusal(root);
    expect(error).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining('pg_control') });
    expect(readdirSync(root, { recursive: true })).toEqual(before);
  });

  test('is open once at a time in one process, and free again after closing', async () => {
    cpSync(template, root, { recursive: true });
    const first = open(root);
    await first.migrate(SCHEMA);
    expect(await refusal(root)).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining('this process has it open') });
    await first.close();
    expect((await open(root).migrate(SCHEMA)).statements).toEqual([]);
  });

  test('that another process has open is refused; one whose process is gone is not', async () => {
    cpSync(template, root, { recursive: true });
    const lock = join(root, 'ormolu.lock');
    writeFileSync(lock, `${process.ppid}\n`);
    expect(await refusal(root)).toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining(`process ${process.ppid} has it open`) });
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(lock, `${pid}\n`);
    expect((await open(root).migrate(SCHEMA)).statements).toEqual([]);
  });

  test('whose process was killed holds what was committed and nothing else', async () => {
    cpSync(template, root, { recursive: true });
    const child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join(__dirname, 'support', 'committing-writer.ts'), root], {
      cwd: join(__dirname, '..', '..', '..'), stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const storage = open(root);
    await expect(storage.migrate(SCHEMA)).rejects.toMatchObject({ code: 'STORAGE_DATA_DIR', message: expect.stringContaining(`process ${child.pid} has it open`) });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const session = await storage.open({ schema: SCHEMA });
    expect((await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'] })).columns).toEqual([['committed']]);
    await session.rollback();
  });

  test('in which a first database was being made when the process was killed is made anew', async () => {
    cpSync(template, root, { recursive: true });
    rmSync(join(root, 'global'), { recursive: true });
    expect(await refusal(root)).toMatchObject({ code: 'STORAGE_DATA_DIR' });
    writeFileSync(join(root, 'ormolu.making'), '');
    const storage = open(root);
    expect((await storage.migrate(SCHEMA)).statements).not.toEqual([]);
    await storage.close();
    expect(readdirSync(root)).not.toContain('ormolu.making');
    expect((await open(root).migrate(SCHEMA)).statements).toEqual([]);
  });

  test('after a refusal can be opened once it is mended', async () => {
    const file = join(root, 'later');
    writeFileSync(file, '');
    const storage = open(file);
    await expect(storage.open({ schema: SCHEMA })).rejects.toMatchObject({ code: 'STORAGE_DATA_DIR' });
    rmSync(file);
    cpSync(template, file, { recursive: true });
    expect((await storage.migrate(SCHEMA)).statements).toEqual([]);
  });
});
