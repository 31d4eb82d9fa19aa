import { ConflictError, MisuseError, OrmoluError, OutageError, Schema, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { column, insertRows, reference, Tables } from '../src/compliance/fixture';

const SCHEMA = new Schema(new Tables(1)
  .add('city', [column('name', 'text', { required: true }), column('code', 'text', { unique: true }), column('size', 'int4')])
  .add('tag', [])
  .add('city.tag', [reference('city', 'city', 'cascade', { required: true }), reference('tag', 'tag', 'cascade', { required: true })], { uniqueTogether: [['city', 'tag']] })
  .schema().tables);
const SECRET = 'secret';

describe('what the server refuses', () => {
  let database: ScratchDatabase;
  let storage: Storage;
  let admin: Client;

  beforeAll(async () => {
    database = await createDatabase();
    storage = postgres(database.url);
    await storage.migrate(SCHEMA);
    admin = new Client({ connectionString: database.url });
    await admin.connect();
    await admin.query('alter table city_1 add constraint city_size check (size_col < 100)');
  });

  afterAll(async () => {
    await admin.end();
    await storage.close();
    await database.drop();
  });

  /** The error of work in a session of its own, which names no value. */
  async function refusalOf(work: (session: Session) => Promise<unknown>): Promise<OrmoluError> {
    const session = await storage.open({ schema: SCHEMA });
    try {
      const error: unknown = await work(session).then(() => undefined, (reason: unknown) => reason);
      if (!OrmoluError.is(error)) throw new Error(`expected a refusal, and got ${String(error)}`);
      expect(inspect(error, { depth: null }) + JSON.stringify(error)).not.toContain(SECRET);
      return error;
    } finally {
      await session.rollback();
    }
  }

  const many = (session: Session): Promise<readonly (number | bigint | string)[]> => insertRows(session, 'city', Array.from({ length: 20 }, (_, n) => ({ name: `${SECRET} ${n}`, code: `${SECRET} ${n}`, size: n })));

  test('a missing value and a failed check name the one record among many', async () => {
    let id: unknown;
    const missing = await refusalOf(async (session) => {
      const ids = await many(session);
      id = ids[7];
      await session.update({ model: 'city', ids, fields: ['name'], columns: [ids.map((each, n) => n === 7 ? null : `${SECRET} ${String(each)}`)] });
    });
    expect([missing.code, missing.message]).toEqual(['STORAGE_NOT_NULL', expect.stringContaining(`in field 'name' of model 'city', which is required (id ${String(id)})`)]);
    const check = await refusalOf(async (session) => {
      const ids = await many(session);
      id = ids[9];
      await session.update({ model: 'city', ids, fields: ['size'], columns: [ids.map((_, n) => n === 9 ? 1000 : 1)] });
    });
    expect([check.code, check.message, check.details['constraint']]).toEqual(['STORAGE_CHECK', expect.stringContaining(`in model 'city' (id ${String(id)})`), 'city_size']);
  });

  test('pairs that are there name both fields', async () => {
    const error = await refusalOf(async (session) => {
      const [city] = await many(session);
      const [tag] = await insertRows(session, 'tag', [{}]);
      await insertRows(session, 'city.tag', [{ city, tag }, { city, tag }]);
    });
    expect([error.code, error.message]).toEqual(['STORAGE_UNIQUE', expect.stringContaining("in fields 'city', 'tag' of model 'city.tag'")]);
  });

  test('a text too large for its index is a value to be made smaller, not an outage', async () => {
    // What does not compress.
    const noise = randomBytes(9000).toString('base64');
    const error = await refusalOf((session) => insertRows(session, 'city', [{ name: 'a', code: noise }]));
    expect(error).toBeInstanceOf(MisuseError);
    expect([error.code, error.message]).toEqual(['STORAGE_VALUE_REFUSED', expect.stringContaining("model 'city'")]);
  });

  test('a wrong name in a statement of one\'s own does not send people to migrate', async () => {
    for (const text of ['select nothing from city_1', 'select 1 from nowhere']) {
      expect((await refusalOf((session) => session.sql(text, []))).code).toBe('STORAGE_SQL_REFUSED');
    }
    expect((await refusalOf((session) => session.sql(`select '${SECRET}' !`, []))).code).toBe('STORAGE_SQL_REFUSED');
    expect((await refusalOf((session) => session.sql('select 1 / $1::int4', [0]))).code).toBe('STORAGE_VALUE_REFUSED');
  });

  test('a lock, a deadlock, a timeout and a serialization failure name model and ids', async () => {
    const filling = await storage.open({ schema: SCHEMA });
    const [a = 0, b = 0] = await insertRows(filling, 'city', [{ name: 'a' }, { name: 'b' }]);
    await filling.commit();
    const rename = (session: Session, id: number | bigint | string): Promise<unknown> => session.update({ model: 'city', ids: [id], fields: ['name'], columns: [[SECRET]] });
    const holder = await storage.open({ schema: SCHEMA });
    await rename(holder, a);
    for (const [setting, code, kind] of [['lock_timeout', 'STORAGE_LOCKED', ConflictError], ['statement_timeout', 'STORAGE_TIMEOUT', OutageError]] as const) {
      const error = await refusalOf(async (session) => {
        await session.sql(`set local ${setting} = '20ms'`, []);
        await rename(session, a);
      });
      expect(error).toBeInstanceOf(kind);
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(`in model 'city' (id ${String(a)})`)]);
    }
    const late = await storage.open({ schema: SCHEMA });
    await late.count({ model: 'city', filter: { kind: 'and', all: [] } });
    await holder.commit();
    await expect(rename(late, a)).rejects.toMatchObject({ code: 'STORAGE_SERIALIZATION', message: expect.stringContaining(`in model 'city' (id ${String(a)})`) as string });
    await late.rollback();
    const both = [await storage.open({ schema: SCHEMA, isolation: 'read committed' }), await storage.open({ schema: SCHEMA, isolation: 'read committed' })] as const;
    for (const session of both) await session.sql("set local deadlock_timeout = '10ms'", []);
    await rename(both[0], a);
    await rename(both[1], b);
    const ended = await Promise.allSettled([rename(both[0], b).finally(() => both[0].rollback()), rename(both[1], a).finally(() => both[1].rollback())]);
    const [lost] = ended.filter((each) => each.status === 'rejected');
    expect(lost?.reason).toMatchObject({ code: 'STORAGE_DEADLOCK', message: expect.stringMatching(/in model 'city' \(id \d+\)/) as string });
  });
});
