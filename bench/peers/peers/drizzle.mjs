import { eq, lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { doublePrecision, integer, pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';

const id = () => integer().primaryKey().generatedByDefaultAsIdentity();
const country = pgTable('country', { id: id(), code: text().notNull(), name: text().notNull() });
const state = pgTable('state', { id: id(), code: text().notNull(), name: text().notNull(), country: integer().notNull() });
const city = pgTable('city', {
  id: id(), name: text().notNull(), code: text().notNull(), state: integer().notNull(), country: integer().notNull(), population: integer().notNull(), lat: doublePrecision().notNull(), lon: doublePrecision().notNull(),
  display_name: text(),
});
/** As many rows as the parameters of one statement allow. */
const CHUNK = 5000;
let pool;
let db;
const load = (n, on = db) => on.select().from(city).where(lte(city.id, n));

export default {
  name: 'Drizzle 0.45.4',
  open(url) {
    pool = new pg.Pool({ connectionString: url, max: 4 });
    db = drizzle(pool);
  },
  close: () => pool.end(),
  load: (n) => load(n),
  async change(n, changed, clock) {
    const cities = await load(n);
    clock.start();
    await db.transaction(async (tx) => {
      for (const row of cities) {
        Object.assign(row, changed(row.id));
        await tx.update(city).set({ population: row.population, code: row.code }).where(eq(city.id, row.id));
      }
    });
  },
  insert(rows, clock) {
    clock.start();
    return db.transaction(async (tx) => {
      for (let at = 0; at < rows.length; at += CHUNK) await tx.insert(city).values(rows.slice(at, at + CHUNK)).returning({ id: city.id });
    });
  },
  async walk(n) {
    let length = 0;
    for (const row of await load(n)) {
      const [of] = await db.select().from(state).where(eq(state.id, row.state));
      const [in_] = await db.select().from(country).where(eq(country.id, of.country));
      length += row.name.length + of.name.length + in_.name.length;
    }
    return length;
  },
  reads: 2000,
  async read(n, clock) {
    await load(n);
    clock.start();
    let sum = 0;
    for (const wanted of clock.ids(n, this.reads)) sum += (await db.select().from(city).where(eq(city.id, wanted)))[0].population;
    return sum;
  },
  // There are no hooks: by hand.
  rename: (wanted, name) => db.transaction(async (tx) => {
    await tx.update(country).set({ name }).where(eq(country.id, wanted));
    for (const row of await tx.select().from(city).where(eq(city.country, wanted))) await tx.update(city).set({ display_name: `${row.name}, ${name}` }).where(eq(city.id, row.id));
  }),
  undo: (n, changed, clock) => db.transaction(async (tx) => {
    const cities = await load(n, tx);
    clock.start();
    await tx.transaction(async (inner) => {
      for (const row of cities) {
        row.population = changed(row.id).population;
        await inner.update(city).set({ population: row.population }).where(eq(city.id, row.id));
      }
      inner.rollback();
    }).catch((error) => { if (error.constructor.name !== 'TransactionRollbackError') throw error; });
    clock.stop();
    return cities.map((row) => [row.id, row.population]);
  }),
};
