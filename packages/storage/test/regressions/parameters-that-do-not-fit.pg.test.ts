import { Schema, type Storage } from '@ormolu/kernel';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';

const schema = new Schema([]);
let scratch: ScratchDatabase;
beforeAll(async () => {
  scratch = await createDatabase();
});
afterAll(() => scratch.drop());

test.each<readonly [name: string, open: () => Storage]>([['PGlite', () => pglite()], ['PostgreSQL', () => postgres(scratch.url)]])(
  'a statement with too many or too few parameters is refused on %s, and the connection is not taken for lost', async (_, open) => {
    const storage = open();
    for (const [text, params] of [['select 1', ['secret']], ['select $1::text, $2::text', ['secret']]] as const) {
      const session = await storage.open({ schema });
      await expect(session.sql(text, params)).rejects.toMatchObject({ code: 'STORAGE_SQL_REFUSED', message: expect.stringMatching(/as many parameters as/) });
      await session.rollback();
    }
    const session = await storage.open({ schema });
    expect(await session.sql('select 1 as one', [])).toEqual([{ one: 1 }]);
    await session.rollback();
    await storage.close();
  },
);
