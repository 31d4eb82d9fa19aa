import type { Session, Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { column, Tables } from '../../src/compliance/fixture';

const SCHEMA = new Tables(1).add('city', [column('name', 'text')]).add('street', [column('name', 'text')]).schema();
let database: ScratchDatabase;
let storage: Storage;
let outside: Client;

beforeAll(async () => {
  database = await createDatabase();
  storage = postgres(database.url);
  await storage.migrate(SCHEMA);
  outside = new Client({ connectionString: database.url });
  await outside.connect();
  await outside.query(`insert into city_1 (id, name_col) values (1, 'a'), (2, 'b'); insert into street_1 (id, name_col) values (1, 'main');
    create function along() returns trigger language plpgsql as $$ begin update street_1 set name_col = new.name_col where id = 1; return null; end $$;
    create trigger following after update on city_1 for each row execute function along();
    create function again() returns trigger language plpgsql as $$ begin if new.name_col <> upper(new.name_col) then update street_1 set name_col = upper(new.name_col) where id = new.id; end if; return null; end $$;
    create trigger louder after update on street_1 for each row execute function again()`);
});
afterAll(async () => {
  await outside.end();
  await storage.close();
  await database.drop();
});

async function touchedBy(isolation: Session['isolation'], work: (session: Session, name: (model: string, id: number, to: string) => Promise<readonly string[]>) => Promise<void>): Promise<void> {
  const session = await storage.open({ schema: SCHEMA, sight: true, isolation });
  try {
    await work(session, async (model, id, to) => {
      await session.update({ model, ids: [id], fields: ['name'], columns: [[to]] });
      return session.takeTouched?.().map((tag) => `${tag.model}:${String(tag.id)}`) ?? [];
    });
  } finally {
    await session.rollback();
  }
}

test.each(['read committed', 'repeatable read', 'serializable'] as const)('what a trigger changes along is told each time, not only the first time, at %s', async (isolation) => {
  await touchedBy(isolation, async (_, name) => {
    for (const to of ['X', 'Y', 'Z']) expect(await name('city', 1, to)).toContain(isolation === 'serializable' ? 'street:undefined' : 'street:1');
  });
});

test('what a statement was told is told again when a trigger has changed it once more', async () => {
  await touchedBy('repeatable read', async (session, name) => {
    expect(await name('street', 1, 'LOUD')).toEqual([]);
    expect(await name('street', 1, 'quiet')).toEqual(['street:1']);
    const savepoint = await session.savepoint();
    expect(await name('street', 1, 'LOUDER')).toEqual([]);
    await session.rollbackTo(savepoint);
    // This one itself, and what follows from it.
    expect(await name('city', 2, 'SOFT')).toEqual(['street:1']);
  });
});
