// What somebody writes who knows the answer: statements on `pg`, plain objects, a Map where records are looked up.
import pg from 'pg';
import { FIELDS } from '../cities.mjs';

let pool;
const SELECT = `select id, ${FIELDS.join(', ')} from city where id <= $1`;

async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read');
    const result = await work(client);
    await client.query('commit');
    return result;
  } finally {
    client.release();
  }
}

export default {
  name: 'by hand (pg)',
  open(url) { pool = new pg.Pool({ connectionString: url, max: 4 }); },
  close: () => pool.end(),
  async load(n) {
    return (await pool.query(SELECT, [n])).rows;
  },
  async change(n, changed, clock) {
    const { rows } = await pool.query(SELECT, [n]);
    clock.start();
    for (const row of rows) Object.assign(row, changed(row.id));
    await transaction((client) => client.query('update city t set population = u.p, code = u.c from unnest($1::int4[], $2::int4[], $3::text[]) as u(id, p, c) where t.id = u.id',
      [rows.map(({ id }) => id), rows.map(({ population }) => population), rows.map(({ code }) => code)]));
  },
  insert: (rows, clock) => {
    clock.start();
    return transaction((client) => client.query(`insert into city (${FIELDS.join(', ')}) select * from unnest($1::text[], $2::text[], $3::int4[], $4::int4[], $5::int4[], $6::float8[], $7::float8[], $8::text[]) returning id`,
      FIELDS.map((field) => rows.map((row) => row[field]))));
  },
  async walk(n) {
    const { rows: cities } = await pool.query('select id, name, state from city where id <= $1', [n]);
    const byId = async (text, ids) => new Map((await pool.query(text, [[...new Set(ids)]])).rows.map((row) => [row.id, row]));
    const states = await byId('select id, name, country from state where id = any($1)', cities.map(({ state }) => state));
    const countries = await byId('select id, name from country where id = any($1)', [...states.values()].map(({ country }) => country));
    let length = 0;
    for (const city of cities) {
      const state = states.get(city.state);
      length += city.name.length + state.name.length + countries.get(state.country).name.length;
    }
    return length;
  },
  reads: 1_000_000,
  async read(n, clock) {
    const { rows } = await pool.query(SELECT, [n]);
    const fields = new Map([['population', new Map(rows.map(({ id, population }) => [id, population]))]]);
    clock.start();
    let sum = 0;
    for (const id of clock.ids(n, this.reads)) sum += fields.get('population').get(id);
    return sum;
  },
  rename: (id, name) => transaction(async (client) => {
    await client.query('update country set name = $2 where id = $1', [id, name]);
    await client.query("update city set display_name = name || ', ' || $2::text where country = $1", [id, name]);
  }),
  undo: (n, changed, clock) => transaction(async (client) => {
    const { rows } = await client.query(SELECT, [n]);
    clock.start();
    await client.query('savepoint s');
    const before = rows.map(({ population }) => population);
    for (const row of rows) row.population = changed(row.id).population;
    await client.query('update city t set population = u.p from unnest($1::int4[], $2::int4[]) as u(id, p) where t.id = u.id', [rows.map(({ id }) => id), rows.map(({ population }) => population)]);
    await client.query('rollback to savepoint s');
    rows.forEach((row, place) => { row.population = before[place]; });
    clock.stop();
    return rows.map(({ id, population }) => [id, population]);
  }),
};
