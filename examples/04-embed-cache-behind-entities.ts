// @ormolu/cache behind the entities of another ORM: Drizzle (on PGlite) keeps doing the SQL, the cache adds what it lacks: one value
// per record however often it is loaded, batched reads of what is missing, and a flush of only what changed.
import { PGlite } from '@electric-sql/pglite';
import { Cache, type CacheField, type CacheRecords, type Id } from '@ormolu/cache';
import { inArray, sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/pglite';

const countries = pgTable('country', { id: integer().primaryKey(), name: text().notNull(), population: integer().notNull() });
type Country = typeof countries.$inferSelect;
type Column = keyof Country;

const env = { cacheKey: (): string => '' };

/** Drizzle's table as the cache sees it. */
class CountryRecords implements CacheRecords<CountryRecords> {
  readonly model = 'country';
  readonly ids: readonly Id[];
  readonly env: typeof env = env;

  constructor(ids: readonly Id[]) {
    this.ids = ids;
  }

  browse(ids: readonly Id[]): CountryRecords {
    return new CountryRecords(ids);
  }
}

const fieldOf = (name: Column): CacheField => ({ model: 'country', name, dependsContext: [] });
const FIELDS = { id: fieldOf('id'), name: fieldOf('name'), population: fieldOf('population') };

export async function main(say: (line: string) => void = console.log): Promise<void> {
  const client = new PGlite();
  let statements = 0;
  const db = drizzle(client, { logger: { logQuery: () => { statements += 1; } } });
  await db.execute(sql`create table country (id int primary key, name text not null, population int not null)`);
  await db.insert(countries).values([{ id: 1, name: 'Belgium', population: 11_700_000 }, { id: 2, name: 'France', population: 68_000_000 }]);

  const cache = new Cache();

  /** Loads through Drizzle only the ids of which something is missing. */
  async function load(ids: readonly number[]): Promise<void> {
    const missing = new Set(Object.values(FIELDS).flatMap((field) => cache.getMissingIds(new CountryRecords(ids), field)));
    if (missing.size === 0) return;
    const rows = await db.select().from(countries).where(inArray(countries.id, ids.filter((id) => missing.has(id))));
    const records = new CountryRecords(rows.map(({ id }) => id));
    for (const field of Object.values(FIELDS)) cache.insertMissing(records, field, rows.map((row) => row[field.name as Column])); // our own names
  }

  /** An entity over the cache: what Drizzle's plain rows are not, the same value wherever the record is met. */
  function entity(id: number): Country {
    const record = new CountryRecords([id]);
    const target = {} as Country; // the accessors below are its members
    for (const field of Object.values(FIELDS)) {
      Object.defineProperty(target, field.name, {
        enumerable: true,
        get: () => cache.get(record, field),
        // Under another id it would be another record.
        ...(field.name !== 'id' && { set: (value: unknown) => cache.set(record, field, value, { dirty: true }) }),
      });
    }
    return target;
  }

  /** One statement per changed field, through Drizzle. */
  async function flush(): Promise<void> {
    for (const field of cache.getDirtyFields()) {
      const changes = [...cache.dirtyEntries(field)];
      // A parameter inside a case has no type of its own: it gets that of its column.
      const type = sql.raw(countries[field.name as Column].getSQLType()); // our own names
      const cases = changes.map(([, id, value]) => sql`when ${id} then ${value}::${type}`);
      await db.update(countries)
        .set({ [field.name]: sql`case id ${sql.join(cases, sql` `)} end` })
        .where(inArray(countries.id, changes.map(([, id]) => Number(id))));
      cache.clearDirtyField(field);
    }
  }

  statements = 0;
  await load([1, 2]);
  await load([2, 1]);
  say(`two loads: ${statements} statement`);

  const [belgium, sameBelgium] = [entity(1), entity(1)];
  belgium.population += 100_000;
  belgium.name = 'België';
  say(`seen through the other entity: ${sameBelgium.name}, ${sameBelgium.population}`);

  await flush();
  const sent = statements;
  const [stored] = await db.select().from(countries).where(inArray(countries.id, [1]));
  say(`flushed: ${sent} statements, stored ${stored?.name ?? 'nothing'}, ${stored?.population ?? 'nothing'}`);

  // The cache can say whether anybody wrote behind its back.
  await db.update(countries).set({ name: 'Belgique' }).where(inArray(countries.id, [1]));
  const { differences } = await cache.checkReport({
    ...env,
    async readStored(_model, ids, fields) {
      const rows = await db.select().from(countries).where(inArray(countries.id, ids.map(Number)));
      return { ids: rows.map(({ id }) => id), columns: fields.map((field) => rows.map((row) => row[field as Column])) }; // the names are FIELDS'
    },
  });
  say(`differences found: ${differences.map(({ model, id, field }) => `${model}(${String(id)}).${field}`).join(', ')}`);
  await client.close();
}

if (require.main === module) void main();
