import { condition, EVERYTHING, Schema, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { loggedStatements, LOGS_STATEMENTS, startOwnPostgres, type OwnPostgres } from '@ormolu/test-support';
import { Client } from 'pg';
import { column, insertRows, reference } from '../src/compliance/fixture';

/** Each would do harm, or at least be seen, wherever it became part of a statement. */
const POISON = ['\'; drop table victim; --', '"; drop table victim; --', '$1', '\\\'; drop table victim; --', '); drop table victim; --', '/* POISON */', '%\' or 1=1 --', '{POISON}', '",NULL,"'];
const HARM = /victim|POISON|or 1=1/;
/** A name or a text, as a statement quotes it. */
const QUOTED = /"(?:[^"]|"")*"|'(?:[^']|'')*'/g;

describe('nothing a caller gives becomes part of a statement', () => {
  let server: OwnPostgres;
  let admin: Client;
  let storage: Storage;
  let session: Session;

  beforeAll(async () => {
    server = await startOwnPostgres(LOGS_STATEMENTS);
    admin = new Client({ connectionString: server.url });
    await admin.connect();
    await admin.query('create table victim (id int)');
    await loggedStatements(server, admin);
    storage = postgres(server.url);
  });

  afterAll(async () => {
    await storage.close();
    await admin.end();
    await server.stop();
  });

  test('values, filters, orders, ids and limits travel apart', async () => {
    const schema = new Schema([
      { model: 'city', table: 'city', idColumn: 'id', idType: 'text', versioned: false, order: [], parent: 'parent', columns: [column('name', 'text'), column('json', 'jsonb'), reference('parent', 'city', 'cascade', { type: 'text' })], lists: [] },
    ]);
    await storage.migrate(schema);
    session = await storage.open({ schema });
    for (const poison of POISON) {
      await session.insert({ model: 'city', count: 1, fields: ['name', 'json'], columns: [[poison], [{ [poison]: poison }]], ids: [poison] });
      const { ids, columns } = await session.read({ model: 'city', ids: [poison], fields: ['name', 'json'] });
      expect([ids, columns]).toEqual([[poison], [[poison], [{ [poison]: poison }]]]);
      for (const operator of ['eq', 'ne', 'gt', 'startsWith', 'ilike'] as const) {
        await session.query({ model: 'city', filter: condition(['name'], operator, poison.replaceAll('\\', '')) });
        }
      expect((await session.query({ model: 'city', filter: condition(['name'], 'startsWith', poison) })).ids).toEqual([poison]);
      await session.query({ model: 'city', filter: condition(['id'], 'childOf', [poison]) });
      await session.update({ model: 'city', ids: [poison], fields: ['name'], columns: [[`${poison}${poison}`]] });
      await session.delete('city', [poison]);
      await expect(session.query({ model: 'city', filter: condition([poison], 'eq', 1) })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
      await expect(session.query({ model: 'city', filter: EVERYTHING, order: [{ path: [poison], direction: 'asc' }] })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
      // @ts-expect-error what types forbid may still come from a request
      await expect(session.query({ model: 'city', filter: EVERYTHING, limit: poison })).rejects.toMatchObject({ code: 'QUERY_BOUND' });
      // @ts-expect-error what types forbid may still come from a request
      await session.query({ model: 'city', filter: EVERYTHING, order: [{ path: ['name'], direction: poison }] });
      await expect(session.query({ model: poison, filter: EVERYTHING })).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    }
    await session.rollback();
    const statements = await loggedStatements(server, admin);
    for (const verb of ['insert into', 'update', 'delete from', 'select']) expect(statements.filter((text) => text.startsWith(`${verb} `)).length).toBeGreaterThanOrEqual(POISON.length);
    for (const text of statements) expect(text).not.toMatch(HARM);
  });

  test('names of tables and columns from the schema stay names', async () => {
    for (const [n, poison] of POISON.entries()) {
      const schema = new Schema([{
        model: poison, table: `${poison}${n}`, idColumn: `id${poison}`, idType: 'integer', versioned: false, order: [],
        columns: [column(poison, 'text', { column: poison, unique: true, required: true }), column('other', 'text', { column: `i${poison}`, index: true })], lists: [],
      }]);
      await storage.migrate(schema);
      expect((await storage.migrate(schema)).statements).toEqual([]);
      session = await storage.open({ schema });
      const ids = await insertRows(session, poison, [{ [poison]: poison }]);
      expect((await session.query({ model: poison, filter: condition([poison], 'eq', poison), fields: [poison] }))).toEqual({ ids, columns: [[poison]] });
      await expect(insertRows(session, poison, [{ [poison]: poison }])).rejects.toMatchObject({ code: 'STORAGE_UNIQUE', details: { model: poison, field: poison } });
      await session.rollback();
    }
    const statements = await loggedStatements(server, admin);
    expect(statements.filter((text) => HARM.test(text)).length).toBeGreaterThan(POISON.length);
    for (const text of statements) expect(text.replace(QUOTED, '')).not.toMatch(HARM);
    expect((await admin.query('select to_regclass(\'victim\') as victim')).rows).toEqual([{ victim: 'victim' }]);
  });
});
