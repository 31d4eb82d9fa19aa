import { pglite } from '@ormolu/storage/pglite';
import type { Storage } from '@ormolu/kernel';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Schema } from '@ormolu/kernel';

// A catalog is made anew several times, each of which takes seconds of processor time.
jest.setTimeout(180_000);

const NOTHING = new Schema([]);
/** What tells two clusters, and two lives of one, apart. */
const IDENTITY = "select system_identifier::text || '/' || extract(epoch from pg_stat_get_bgwriter_stat_reset_time()) as identity from pg_control_system()";

describe('images of fresh databases', () => {
  const before = process.env['ORMOLU_PGLITE_IMAGES'];
  let root: string;
  const opened: Storage[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ormolu-images-'));
    process.env['ORMOLU_PGLITE_IMAGES'] = join(root, 'images');
  });
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
    rmSync(root, { recursive: true, force: true });
    process.env['ORMOLU_PGLITE_IMAGES'] = before;
  });

  /** Asks a new database in memory. */
  async function ask(sql: string): Promise<unknown> {
    const storage = pglite();
    opened.push(storage);
    const session = await storage.open({ schema: NOTHING });
    try {
      const [row] = await session.sql(sql, []);
      return row;
    } finally {
      await session.rollback();
    }
  }
  const images = (): readonly string[] => readdirSync(join(root, 'images'));
  const imageOf = (name: string | undefined): string => join(root, 'images', name ?? '');

  test('are left by the first, and begin the others, which are nevertheless databases of their own', async () => {
    const catalog = "select count(*)::int4 as objects, current_setting('server_version') as version, current_setting('TimeZone') as zone, current_setting('server_encoding') as encoding from pg_class";
    const first = await ask(catalog);
    const [name] = images();
    expect(images()).toEqual([expect.stringMatching(/^pglite-[\d.]+\.image$/)]);
    const made = statSync(imageOf(name)).mtimeMs;
    expect(await ask(catalog)).toEqual(first);
    const identities = [await ask(IDENTITY), await ask(IDENTITY)];
    expect(identities[0]).not.toEqual(identities[1]);
    expect(statSync(imageOf(name)).mtimeMs).toBe(made);
  });

  test('that are not whole are made again', async () => {
    const first = await ask('select 1 as one');
    const file = imageOf(images()[0]);
    const whole = readFileSync(file);
    for (const damaged of [whole.subarray(0, whole.length / 2), Buffer.from(whole).fill(7, 1_000, 1_100)]) {
      writeFileSync(file, damaged);
      expect(await ask('select 1 as one')).toEqual(first);
      expect(readFileSync(file)).toHaveLength(whole.length);
    }
    expect(images()).toHaveLength(1);
  });

  test('are refused a place that is none', async () => {
    const file = join(root, 'file');
    writeFileSync(file, 'precious');
    for (const place of [file, '/proc/ormolu', join(root, 'not', 'there')]) {
      process.env['ORMOLU_PGLITE_IMAGES'] = place;
      await expect(ask('select 1')).rejects.toMatchObject({ code: 'STORAGE_IMAGE', message: expect.stringContaining('ORMOLU_PGLITE_IMAGES') });
    }
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });
});
