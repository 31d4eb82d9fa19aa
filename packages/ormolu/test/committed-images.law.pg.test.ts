import { ConflictError, ConstraintError, EVERYTHING, Schema, type ColumnSchema, type Columns, type Isolation, type Session, type Storage, type StoredId } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import { LocalCache, LocalRung } from '@ormolu/tiers';
import * as fc from 'fast-check';
import { Client } from 'pg';

const column = (field: string, type: ColumnSchema['type'], references?: ColumnSchema['references']): ColumnSchema => ({ field, column: field, type, required: false, unique: false, index: false, ...(references ? { references } : {}) });
const plain = { idColumn: 'id', idType: 'integer', order: [], lists: [] } as const;
const columns = [column('name', 'text'), column('size', 'int4'), column('price', 'numeric'), column('since', 'timestamptz')];
const SCHEMA = new Schema([
  { ...plain, model: 'owner', table: 'owner', versioned: false, columns: [column('name', 'text')] },
  // What each of them is in the database, `WORLD` says.
  ...['item', 'shouting', 'echoing', 'late'].map((model) => ({ ...plain, model, table: model, versioned: model === 'item', columns: [...columns, column('twice', 'int4'), column('owner', 'int4', { model: 'owner', onDelete: 'set null' })] })),
  { ...plain, model: 'part', table: 'part', versioned: true, columns: [column('name', 'text'), column('owner', 'int4', { model: 'owner', onDelete: 'cascade' }), column('item', 'int4', { model: 'item', onDelete: 'set null' })] },
]);

/** A generated column; a trigger that alters what is written, one that writes the row again, and one that waits for the COMMIT and writes elsewhere. */
const WORLD = `
  ${['item', 'shouting', 'echoing', 'late'].map((table) => `alter table ${table} drop column twice; alter table ${table} add column twice int generated always as (size * 2) stored; `).join('\n')}
  create function shout() returns trigger language plpgsql as $$ begin new.name := upper(new.name); return new; end $$;
  create trigger shout before insert or update on shouting for each row execute function shout();
  create function echo() returns trigger language plpgsql as $$ begin update echoing set size = coalesce(size, 0) + 1 where id = new.id; return null; end $$;
  create trigger echo after insert or update on echoing for each row when (pg_trigger_depth() = 0) execute function echo();
  create function reach() returns trigger language plpgsql as $$ begin update item set size = coalesce(size, 0) + 100; return null; end $$;
  create constraint trigger reach after insert or update on late deferrable initially deferred for each row when (pg_trigger_depth() = 0) execute function reach()`;
const SURPRISE = 'create function meddle() returns trigger language plpgsql as $$ begin update part set name = name || \'!\' where id = new.id; return null; end $$; create trigger meddle after update on part for each row when (pg_trigger_depth() = 0) execute function meddle()';

const TAME = fc.constantFrom('item', 'item', 'part', 'owner');
const WILD = fc.constantFrom('item', 'item', 'part', 'owner', 'shouting', 'echoing', 'late');
const id = fc.integer({ min: 1, max: 3 });
const value = fc.integer({ min: 0, max: 3 });
type Step =
  | { readonly op: 'open'; readonly isolation: Isolation }
  | { readonly op: 'update' | 'insert' | 'delete' | 'read'; readonly model: string; readonly id: number; readonly value: number }
  | { readonly op: 'foreign' | 'sql'; readonly model: string; readonly id: number; readonly value: number }
  | { readonly op: 'commit' | 'rollback' | 'savepoint' | 'back' };
const named = (model: fc.Arbitrary<string>, ...ops: readonly Extract<Step, { readonly model: string }>['op'][]) => fc.record({ op: fc.constantFrom(...ops), model, id, value });
/** The steps of one transaction; of the tame ones, which write no table with triggers of others, most leave images. */
const transaction = fc.constantFrom(TAME, TAME, TAME, WILD).chain((model): fc.Arbitrary<readonly Step[]> => fc.tuple(
  fc.record({ op: fc.constant('open' as const), isolation: fc.constantFrom<Isolation>('repeatable read', 'repeatable read', 'serializable', 'read committed') }),
  fc.array(fc.oneof(
    { weight: 8, arbitrary: named(model, 'update', 'update', 'update', 'insert', 'delete', 'read') },
    { weight: 1, arbitrary: named(model, 'foreign') },
    { weight: model === WILD ? 1 : 0, arbitrary: named(model, 'sql') },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('savepoint' as const, 'back' as const) }) },
  ), { minLength: 1, maxLength: 8, size: 'max' }),
  fc.constantFrom<Step>({ op: 'commit' }, { op: 'commit' }, { op: 'commit' }, { op: 'rollback' }),
).map(([open, steps, end]) => [open, ...steps, end]));
const scripts = fc.record({ steps: fc.array(transaction, { minLength: 2, maxLength: 6 }).map((all) => all.flat()), surpriseAt: fc.option(fc.nat(20), { nil: undefined }) });

let database: ScratchDatabase;
let outside: Client;
beforeAll(async () => {
  database = await createDatabase();
  outside = new Client({ connectionString: database.url });
  await outside.connect();
  const migrating = postgres(database.url);
  await migrating.migrate(SCHEMA);
  await migrating.close();
  await outside.query(WORLD);
  const again = postgres(database.url);
  await again.migrate(SCHEMA);
  await again.close();
  // As another program keeps it: what is written with more digits is not what is stored.
  for (const table of ['item', 'shouting', 'echoing', 'late']) await outside.query(`alter table ${table} alter column price type numeric(10, 2)`);
  await outside.query('set lock_timeout = 15');
});
afterAll(async () => {
  await outside.end();
  await database.drop();
});

const fieldsOf = (name: string): readonly string[] => [...SCHEMA.table(name).columns.map(({ field }) => field), ...(SCHEMA.table(name).versioned ? ['$version'] : [])];
const sorted = ({ ids, columns: all }: Columns): unknown => ids.map((one, row) => [one, ...all.map((values) => values[row])]).sort((a, b) => Number(a[0]) - Number(b[0]));

/** One process: its sessions one after the other, and what each next one is told by the cache and by the database. */
class Process {
  readonly cache = new LocalCache({ maxEntries: 1_000 });
  readonly #rung = new LocalRung(new StorageRung(), this.cache);
  readonly #storage: Storage;
  readonly #savepoints: Awaited<ReturnType<Session['savepoint']>>[] = [];
  #session: Session | undefined;
  #changed = new Map<string, Set<StoredId>>();
  #serial = 10;
  images = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async step(one: Step): Promise<void> {
    const session = this.#session;
    if (one.op === 'open') {
      if (session) return;
      this.#session = await this.#storage.open({ schema: SCHEMA, isolation: one.isolation, sight: true });
      [this.#changed, this.#savepoints.length] = [new Map(), 0];
      return;
    }
    if (one.op === 'foreign') await outside.query(`update ${one.model} set name = name || $1 where id = $2`, [String(one.value), one.id]).catch(() => undefined);
    else if (session) await this.#inside(session, one).catch(async (error: unknown) => {
      if (!(error instanceof ConflictError || error instanceof ConstraintError)) throw error;
      await this.#end((open) => open.rollback());
    });
  }

  async #inside(session: Session, one: Exclude<Step, { readonly op: 'open' }>): Promise<void> {
    switch (one.op) {
      case 'read':
        await this.#compare(session, one.model);
        return;
      case 'update': {
        const wanted = one.model === 'part' || one.model === 'owner' ? { name: `n${one.value}` } : { name: `n${one.value}`, size: one.value, price: `${one.value}.555`, since: new Date(one.value) };
        const some = Object.entries(wanted).slice(0, 1 + one.value);
        this.#note(one.model, await session.update({ model: one.model, ids: [one.id], fields: some.map(([field]) => field), columns: some.map(([, given]) => [given]) }));
        return;
      }
      case 'insert':
        this.#note(one.model, await session.insert({ model: one.model, count: 2, fields: ['name'], columns: [['a', 'b']], ids: [(this.#serial += 1), (this.#serial += 1)] }));
        return;
      case 'delete':
        this.#note(one.model, await session.delete(one.model, [one.id]));
        return;
      case 'sql':
        await session.sql(`update ${one.model} set name = 'by sql' where id = $1`, [one.id]);
        return;
      case 'savepoint':
        this.#savepoints.push(await session.savepoint());
        return;
      case 'back': {
        const last = this.#savepoints.pop();
        if (last) await session.rollbackTo(last);
        return;
      }
      case 'commit':
        await this.#end((open) => open.commit());
        this.images += session.committed?.written.reduce((sum, { rows }) => sum + rows.size, 0) ?? 0;
        await this.#rung.publish({ changed: this.#changed, images: session.committed });
        await this.compareAll();
        return;
      case 'rollback':
        await this.#end((open) => open.rollback());
    }
  }

  /** What the next transaction is told of everything there is. */
  async compareAll(): Promise<void> {
    const next = await this.#storage.open({ schema: SCHEMA, sight: true });
    try {
      for (const { model: name } of SCHEMA.tables) await this.#compare(next, name);
    } finally {
      await next.rollback();
    }
  }

  async end(): Promise<void> {
    await this.#end((open) => open.rollback());
  }

  async #end(how: (open: Session) => Promise<void>): Promise<void> {
    const open = this.#session;
    this.#session = undefined;
    if (open) await how(open);
  }

  #note(name: string, ids: readonly StoredId[]): void {
    const known = this.#changed.get(name) ?? new Set();
    this.#changed.set(name, known);
    for (const one of ids) known.add(one);
  }

  async #compare(session: Session, name: string): Promise<void> {
    const { ids } = await session.query({ model: name, filter: EVERYTHING, order: [] });
    const question = { model: name, ids: [...new Set([...ids, 1, 2, 3])], fields: fieldsOf(name) };
    const told = await this.#rung.read(session, question);
    // At READ COMMITTED nobody writes between the two.
    expect({ name, rows: sorted(told) }).toEqual({ name, rows: sorted(await session.read(question)) });
  }
}

test('law: for all scripts of writes, savepoints, foreign writes and triggers that alter rows, what a commit leaves in the cache is what the database has', async () => {
  let images = 0;
  await fc.assert(fc.asyncProperty(scripts, async ({ steps, surpriseAt }) => {
    await outside.query(`drop function if exists meddle() cascade; ${SCHEMA.tables.map(({ table }) => `delete from ${table}`).join('; ')};
      ${SCHEMA.tables.map(({ table }) => `insert into ${table} (id, name) values (1, 'a'), (2, 'b'), (3, 'c')`).join('; ')};
      update item set owner = 1, size = 1; update part set owner = 2, item = 1 where id < 3; update late set owner = 3`);
    const storage = postgres(database.url);
    const process = new Process(storage);
    try {
      for (const [place, one] of steps.entries()) {
        if (place === surpriseAt) {
          // Also between a transaction's snapshot and its first write; behind that, it would have to wait.
          await outside.query(SURPRISE).catch(() => undefined);
        }
        await process.step(one);
      }
      images += process.images;
    } finally {
      await process.end();
      await storage.close();
    }
  }), { numRuns: lawRuns(60), endOnFailure: true });
  // The law would hold of a commit that leaves nothing.
  expect(images).toBeGreaterThan(10);
}, 180_000);

describe('what a commit leaves', () => {
  let storage: Storage;
  beforeEach(async () => {
    await outside.query(`drop function if exists meddle() cascade; ${SCHEMA.tables.map(({ table }) => `delete from ${table}; insert into ${table} (id, name) values (1, 'a')`).join('; ')}; update part set owner = 1`);
    storage = postgres(database.url);
  });
  afterEach(() => storage.close());

  const writing = async (work: (session: Session) => Promise<unknown>, isolation: Isolation = 'repeatable read'): Promise<Readonly<Record<string, readonly unknown[]>> | undefined> => {
    const session = await storage.open({ schema: SCHEMA, sight: true, isolation });
    await work(session);
    await session.commit();
    return session.committed && Object.fromEntries(session.committed.written.map(({ model: name, rows }) => [name, [...rows]]));
  };
  const rename = (name: string, fields: Readonly<Record<string, unknown>> = { name: 'x' }) => (session: Session): Promise<unknown> =>
    session.update({ model: name, ids: [1], fields: Object.keys(fields), columns: Object.values(fields).map((one) => [one]) });

  test.each<Isolation>(['repeatable read', 'serializable'])('is the row as the database has it, generated columns and versions included, at %s', async (isolation) => {
    const version = (await outside.query<{ v: string }>('select ormolu_version::text as v from item')).rows[0]!.v;
    expect(await writing(rename('item', { size: 4, price: '1.005', since: new Date(5.5) }), isolation)).toEqual({ item: [[1, ['a', 4, '1.01', new Date(5), 8, null, BigInt(version) + 1n]]] });
  });

  test('is nothing at READ COMMITTED, behind triggers of others, where a foreign key reaches, and after SQL of one\'s own', async () => {
    expect(await writing(rename('item'), 'read committed')).toBeUndefined();
    expect(await writing(rename('shouting'))).toEqual({});
    expect(await writing(async (session) => {
      await rename('item')(session);
      await rename('late')(session);
    })).toEqual({});
    expect(await writing(async (session) => {
      await rename('part')(session);
      await session.delete('owner', [1]);
      await rename('echoing')(session);
    })).toEqual({});
    expect(await writing(async (session) => {
      await rename('item')(session);
      await session.sql('select 1', []);
    })).toEqual({});
  });

  test('is nothing behind a trigger that came later than the process, and something again when that has been seen', async () => {
    expect(await writing(rename('part'))).toMatchObject({ part: [[1, ['x', 1, null, expect.any(BigInt)]]] });
    await outside.query(SURPRISE);
    expect(await writing(rename('part', { name: 'y' }))).toBeUndefined();
    expect(await writing(rename('owner'))).toEqual({ owner: [[1, ['x']]] });
    expect(await writing(rename('part', { name: 'z' }))).toEqual({});
  });

  test('is nothing behind a trigger that came between the snapshot and the first write, nor behind a rule', async () => {
    expect(await writing(async (session) => {
      await session.read({ model: 'owner', ids: [1], fields: ['name'] });
      await outside.query(SURPRISE);
      await rename('part')(session);
    })).toEqual({});
    await outside.query('drop function meddle() cascade');
    // That is heard of with the first, and looked at with the second.
    for (let n = 0; n < 2; n += 1) await writing(rename('item'));
    await outside.query('create rule along as on update to item do also update part set name = \'by rule\'');
    try {
      expect(await writing(async (session) => {
        await rename('part')(session);
        await rename('item')(session);
      })).toBeUndefined();
    } finally {
      await outside.query('drop rule along on item');
    }
  });

  test('is nothing of very many records', async () => {
    const ids = Array.from({ length: 1_200 }, (_, n) => n + 100);
    expect(await writing(async (session) => {
      await session.insert({ model: 'item', count: 1_200, fields: [], columns: [], ids });
      await rename('item')(session);
      await session.update({ model: 'item', ids, fields: ['size'], columns: [ids] });
    })).toEqual({ item: [[1, expect.anything()]] });
  });
});
