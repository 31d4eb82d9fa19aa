import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { char, defineModels, integer, openOrmolu, postgres, remote, serve, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../src/index';

const models = defineModels({ owner: { name: char() }, part: { name: char(), size: integer() } });
type Env = EnvironmentOf<typeof models>;

/** A table of another program, and one in another namespace: a part belongs to a bridge, and that to an owner. */
const BRIDGES = `
  create schema elsewhere;
  create table bridge (id int primary key, owner int references owner on delete cascade);
  create table elsewhere.part (id int primary key, bridge int references bridge on delete cascade);
  alter table part add foreign key (size) references elsewhere.part on delete cascade`;
const TENANT = `
  create schema tenant;
  create table tenant.part (like public.part including all);
  insert into tenant.part (id, name) values (1, 'of the tenant')`;

let scratch: ScratchDatabase;
let psql: Client;
let db: Ormolu<DefinitionsOf<typeof models>>;
beforeEach(async () => {
  scratch = await createDatabase();
  db = await openOrmolu({ models, storage: postgres(scratch.url) });
  await db.migrate();
  psql = new Client({ connectionString: scratch.url });
  await psql.connect();
  await psql.query("insert into owner (id, name) values (1, 'a'), (2, 'b'); insert into part (id, name) values (1, 'p'), (2, 'q')");
});
afterEach(async () => {
  await db.close();
  await psql.end();
  await scratch.drop();
});

const nameOf = async (env: Env, id = 1): Promise<string | null> => (await env.model('part').browse(id).load(['name'])).name;
const those = async (env: Env): Promise<readonly unknown[]> => (await env.model('part').browse([1, 2]).exists()).ids;

test.each(['read committed', 'repeatable read', 'serializable'] as const)('records that go by way of tables of others are gone at once, and leave no image, at %s', async (isolation) => {
  await psql.query(`${BRIDGES}; insert into bridge values (1, 1), (2, 2); insert into elsewhere.part values (1, 1), (2, 2); update part set size = id`);
  await db.transaction(async (env) => [await nameOf(env), await nameOf(env, 2)]);
  await db.transaction(async (env) => {
    await env.model('owner').browse(1).unlink();
    await env.flush();
    await expect(nameOf(env)).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  }, { isolation });
  await db.transaction(async (env) => {
    await env.model('part').browse(2).write({ name: 'r' });
    await env.flush();
    await env.model('owner').browse(2).unlink();
  }, { isolation });
  expect(await db.transaction(those)).toEqual([]);
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('what is written through a view is met in its table at once, and leaves no image, at %s', async (isolation) => {
  await psql.query('create view glimpse as select id, name from part');
  const withView = defineModels({ part: { name: char() }, glimpse: { name: char() } });
  const names = async (env: EnvironmentOf<typeof withView>): Promise<readonly unknown[]> => (await env.model('part').browse([1, 2]).read(['name'])).map(({ name }) => name);
  const both = await openOrmolu({ models: withView, storage: postgres(scratch.url) });
  try {
    await both.transaction(async (env) => [await names(env), await env.model('part').count({ name: 'p' })]);
    const met = await both.transaction(async (env) => {
      await env.model('part').browse(1).write({ name: 'by itself' });
      await env.flush();
      await env.model('glimpse').browse([1, 2]).write({ name: 'through the view' });
      await env.flush();
      return [await names(env), await env.model('part').count({ name: 'p' })];
    }, { isolation });
    expect(met).toEqual([['through the view', 'through the view'], 0]);
    expect(await both.transaction(names)).toEqual(['through the view', 'through the view']);
  } finally {
    await both.close();
  }
});

/** Where the second owner is a row of a table that inherits, or of a partition, whose own trigger changes the second part. */
const BELOW = {
  inherits: `
    create table heir () inherits (owner);
    delete from owner where id = 2;
    insert into heir (id, name) values (2, 'b')`,
  partition: `
    drop table owner cascade;
    create table owner (id int primary key, name text) partition by range (id);
    create table first partition of owner for values from (1) to (2);
    create table heir partition of owner for values from (2) to (3);
    insert into owner values (1, 'a'), (2, 'b')`,
};
const TRIGGER = `
  create function renaming() returns trigger language plpgsql as $$ begin update part set name = 'renamed' where id = 2; return new; end $$;
  create trigger renames after update on heir for each row execute function renaming()`;

describe.each([['that another inherits', 'inherits'], ['of partitions', 'partition']] as const)('a table %s', (_, form) => {
  test.each(['read committed', 'repeatable read', 'serializable'] as const)('what a trigger there changes is met at once, and leaves no image, at %s', async (isolation) => {
    await psql.query(BELOW[form]);
    await psql.query(TRIGGER);
    const again = await openOrmolu({ models, storage: postgres(scratch.url) });
    try {
      await again.transaction((env) => nameOf(env, 2));
      const met = await again.transaction(async (env) => {
        await env.model('part').browse(2).write({ name: 'by itself' });
        await env.flush();
        await env.model('owner').browse(2).write({ name: 'c' });
        await env.flush();
        return nameOf(env, 2);
      }, { isolation });
      expect(met).toBe('renamed');
      expect(await again.transaction((env) => nameOf(env, 2))).toBe('renamed');
    } finally {
      await again.close();
    }
  });
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('a record of a table that inherits, and the same of the one that is inherited from, are never told apart within a transaction, at %s', async (isolation) => {
  const kin = defineModels({ owner: { name: char() }, heir: { name: char() } });
  await psql.query('delete from owner where id = 2; create table heir (primary key (id)) inherits (owner)');
  const both = await openOrmolu({ models: kin, storage: postgres(scratch.url) });
  try {
    await both.migrate();
    await psql.query("insert into heir (id, name) values (2, 'b')");
    await both.transaction(async (env) => {
      const named = async (model: 'owner' | 'heir'): Promise<string | null> => (await env.model(model).browse(2).load(['name'])).name;
      expect([await named('owner'), await named('heir')]).toEqual(['b', 'b']);
      await env.model('owner').browse(2).write({ name: 'c' });
      await env.flush();
      expect(await named('heir')).toBe('c');
      await env.model('heir').browse(2).write({ name: 'd' });
      await env.flush();
      expect(await named('owner')).toBe('d');
      await env.sql("update owner set name = 'e'");
      expect(await named('heir')).toBe('e');
      await env.model('heir').browse(2).unlink();
      await env.flush();
      expect((await env.model('owner').browse([1, 2]).exists()).ids).toEqual([1]);
    }, { isolation });
  } finally {
    await both.close();
  }
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('records of a table that inherits from two, or from one that is no model, and of a view are met behind what names another, at %s', async (isolation) => {
  const kin = defineModels({ heir: { name: char() }, x: { name: char() }, z: { name: char() }, glimpse: { name: char() } });
  const both = await openOrmolu({ models: defineModels({ x: { name: char() }, z: { name: char() } }), storage: postgres(scratch.url) });
  await both.migrate();
  await both.close();
  await psql.query(`create table elder (id int, name text); create table heir (primary key (id)) inherits (elder); insert into heir (id, name) values (1, 'a'); create view glimpse as select id, name from elder;
    create table y (primary key (id)) inherits (x, z); insert into y (id, name) values (1, 'a');
    create function hidden() returns int language plpgsql as $$ begin update elder set name = 'b'; return 1; end $$`);
  const all = await openOrmolu({ models: kin, storage: postgres(scratch.url) });
  try {
    await all.transaction(async (env) => {
      const named = async (model: 'heir' | 'x' | 'z' | 'glimpse'): Promise<string | null> => (await env.model(model).browse(1).load(['name'])).name;
      expect([await named('heir'), await named('z'), await named('glimpse')]).toEqual(['a', 'a', 'a']);
      await env.sql('select hidden()');
      expect([await named('heir'), await named('glimpse')]).toEqual(['b', 'b']);
      await env.model('x').browse(1).write({ name: 'b' });
      await env.flush();
      expect(await named('z')).toBe('b');
    }, { isolation });
  } finally {
    await all.close();
  }
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('what a trigger changes on a table that a deletion goes on to is met at once, at %s', async (isolation) => {
  await psql.query("create table bridge (id int primary key, owner int references owner on delete cascade); insert into bridge values (1, 1)");
  await psql.query(`
    create function renaming() returns trigger language plpgsql as $$ begin update part set name = 'renamed' where id = 2; return old; end $$;
    create trigger renames after delete on bridge for each row execute function renaming()`);
  const again = await openOrmolu({ models, storage: postgres(scratch.url) });
  try {
    await again.transaction((env) => nameOf(env, 2));
    const met = await again.transaction(async (env) => {
      await env.model('owner').browse(1).unlink();
      await env.flush();
      return nameOf(env, 2);
    }, { isolation, tries: 1 });
    expect(met).toBe('renamed');
    expect(await again.transaction((env) => nameOf(env, 2))).toBe('renamed');
  } finally {
    await again.close();
  }
});

/** A view that changes a part whenever it is asked, hidden behind a view of a function of a function. */
const COUNTING = `
  create function counted() returns int language sql volatile as $$ update part set size = size + 1 where id = 1 returning size $$;
  create function hiding() returns int language plpgsql immutable as $$ begin return counted(); end $$;
  create view counting as select 1 as id, hiding() as size;
  create view asked as select id, size from counting`;

test.each(['read committed', 'repeatable read', 'serializable'] as const)('what a view changes when it is asked is met at once, and given to nobody else, at %s', async (isolation) => {
  await psql.query(`${COUNTING}; update part set size = id`);
  const withView = defineModels({ part: { name: char(), size: integer() }, asked: { size: integer() } });
  type Both = EnvironmentOf<typeof withView>;
  const sizes = async (env: Both): Promise<readonly unknown[]> => [(await env.model('part').browse(1).load(['size'])).size, await env.model('part').count({ size: 1 })];
  const ask: Record<string, (env: Both) => Promise<unknown>> = {
    read: (env) => env.model('asked').browse(1).read(['size']),
    search: (env) => env.model('asked').search({ size: { gt: 0 } }),
  };
  const both = await openOrmolu({ models: withView, storage: postgres(scratch.url) });
  try {
    for (const [how, asked] of Object.entries(ask)) {
      expect([how, await both.transaction(sizes)]).toEqual([how, [1, 1]]);
      await expect(both.transaction(async (env) => {
        if (how === 'search') await sizes(env);
        await asked(env);
        const [size, ones] = await sizes(env);
        expect([how, (size as number) > 1, ones]).toEqual([how, true, 0]);
        throw new Error('taken back');
      }, { isolation })).rejects.toThrow('taken back');
      expect([how, await both.transaction(sizes)]).toEqual([how, [1, 1]]);
      both.localCache.invalidate();
    }
    await both.transaction(async (env) => {
      await expect(env.transaction.savepoint(async () => {
        await env.model('asked').browse(1).read(['size']);
        expect((await sizes(env))[0]).toBeGreaterThan(1);
        throw new Error('taken back');
      })).rejects.toThrow('taken back');
      expect(await sizes(env)).toEqual([1, 1]);
    }, { isolation });
  } finally {
    await both.close();
  }
});

const TEXT = '$$select public.counted()$$';
test.each<readonly [string, string]>([
  ['a text that is run', `query_to_xml(${TEXT}, true, false, '')::text`],
  ['a text that is run for what it is made of', `query_to_xml_and_xmlschema(${TEXT}, true, false, '')::text`],
  ['a table\'s name', 'table_to_xml(\'public.counting\', true, false, \'\')::text'],
  ['a namespace\'s name', 'schema_to_xml(\'deep\', true, false, \'\')::text'],
  ['a text that is run for its words', '(select count(*) from ts_stat($$select to_tsvector(public.counted()::text)$$))::text'],
  ['a text that is run for questions', 'ts_rewrite(\'a\'::tsquery, $$select \'a\'::tsquery, to_tsquery(public.counted()::text)$$)::text'],
  ['the name of an internal function', 'renamed()'],
  ['an operator that runs a text', '(\'a\'::tsquery operator(public.@@!) $$select \'a\'::tsquery, to_tsquery(public.counted()::text)$$)::text'],
])('what a view changes by %s is met at once, and given to nobody else', async (_, expression) => {
  await psql.query(`${COUNTING}; update part set size = id; create schema deep; create view deep.counting as select hiding() as size; create function to_xml(text, bool, bool, text) returns xml language internal as 'query_to_xml'; create operator public.@@! (leftarg = tsquery, rightarg = text, function = pg_catalog.ts_rewrite)`);
  await psql.query(`create view told as select 1 as id, ${expression === 'renamed()' ? `to_xml(${TEXT}, true, false, '')::text` : expression} as words`);
  const withView = defineModels({ part: { name: char(), size: integer() }, told: { words: char() } });
  const sizeOf = async (env: EnvironmentOf<typeof withView>): Promise<number | null> => (await env.model('part').browse(1).load(['size'])).size;
  const both = await openOrmolu({ models: withView, storage: postgres(scratch.url) });
  try {
    for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
      expect(await both.transaction(sizeOf)).toBe(1);
      await expect(both.transaction(async (env) => {
        expect(await sizeOf(env)).toBe(1);
        await env.model('told').browse(1).read(['words']);
        expect([isolation, await sizeOf(env)]).not.toEqual([isolation, 1]);
        throw new Error('taken back');
      }, { isolation })).rejects.toThrow('taken back');
      expect(await both.transaction(sizeOf)).toBe(1);
    }
  } finally {
    await both.close();
  }
});

test('what a default changes by a text that it runs is met, too', async () => {
  await psql.query(`${COUNTING}; update part set size = id; alter table owner add words text default query_to_xml(${TEXT}, true, false, '')::text; select setval(pg_get_serial_sequence('owner', 'id'), 10)`);
  const sizeOf = async (env: Env): Promise<number | null> => (await env.model('part').browse(1).load(['size'])).size;
  const before = await db.transaction(sizeOf) ?? 0;
  expect(await db.transaction(async (env) => {
    await sizeOf(env);
    await env.model('owner').create({ name: 'c' });
    await env.flush();
    return sizeOf(env);
  })).toBe(before + 1);
});

test.each<readonly [string, string]>([
  ['a default', 'alter table owner add no int default hiding()'],
  ['a check', 'alter table owner add check (hiding() > 0)'],
  ['a domain\'s check', 'create domain numbered as int check (value is null or counted() > 0); create domain deeply as numbered; alter table owner add no deeply default 5'],
])('what %s changes along with a row is met at once, and leaves no image', async (_, statement) => {
  await psql.query(`${COUNTING}; update part set size = id; ${statement}; select setval(pg_get_serial_sequence('owner', 'id'), 10)`);
  const sizeOf = async (env: Env): Promise<number | null> => (await env.model('part').browse(1).load(['size'])).size;
  for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
    const before = await db.transaction(sizeOf) ?? 0;
    const met = await db.transaction(async (env) => {
      await env.model('owner').create({ name: 'c' });
      await env.flush();
      return sizeOf(env);
    }, { isolation });
    expect([isolation, met]).toEqual([isolation, before + 1]);
    await db.transaction(async (env) => {
      await env.model('part').browse(1).write({ size: 100 });
      await env.flush();
      await env.model('owner').create({ name: 'd' });
    }, { isolation });
    expect([isolation, await db.transaction(sizeOf)]).toEqual([isolation, 101]);
  }
});

test('sequences and functions that the database brings along are foreseen: what was written is known to who reads next', async () => {
  await psql.query(`create sequence numbers; alter table part add no bigint default nextval('numbers'), add made timestamptz default now(), add key uuid default gen_random_uuid(), add check (length(name) > 0);
    create index on part (lower(name))`);
  // That is heard of with the first, and looked at with the second.
  for (const name of ['heard', 'known']) await db.transaction(async (env) => {
    await env.model('part').browse(1).write({ name });
  }, { isolation: 'repeatable read' });
  const questions = (): number => db.stats().rungs.at(-1)?.questions ?? NaN;
  const before = questions();
  expect(await db.transaction(nameOf)).toBe('known');
  expect(questions()).toBe(before);
});

describe.each(['here', 'of a server'])('a transaction, %s,', (where) => {
  test.each(['read committed', 'repeatable read', 'serializable'] as const)('that was open when a trigger came to a table it writes then is told what that has changed, by no cache and not from memory, at %s', async (isolation) => {
    const server = where === 'here' ? undefined : await serve(db, { port: 0 });
    const own = server ? await openOrmolu({ models, storage: remote(server.url) }) : db;
    try {
      await own.transaction(async (env) => [await nameOf(env, 1), await nameOf(env, 2), await env.model('part').count({ name: 'p' })]);
      await own.transaction(async (env) => {
        expect(await nameOf(env, 2)).toBe('q');
        await psql.query(`create function along() returns trigger language plpgsql as $$ begin update part set name = 'along'; return new; end $$;
          create trigger following after update on owner for each row execute function along()`);
        await env.model('owner').browse(1).write({ name: 'c' });
        await env.flush();
        expect([await nameOf(env, 1), await nameOf(env, 2), await env.model('part').count({ name: 'p' })]).toEqual(['along', 'along', 0]);
      }, { isolation, tries: 1 });
    } finally {
      if (server) await own.close();
      await server?.close();
    }
  });
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('what came to a table while a savepoint of the caller\'s own had let go of it is met by who writes there again, at %s', async (isolation) => {
  const ownerOf = async (env: Env): Promise<string | null> => (await env.model('owner').browse(1).load(['name'])).name;
  await db.transaction(ownerOf);
  const met = await db.transaction(async (env) => {
    await env.sql('savepoint mine');
    await env.model('part').browse(1).write({ name: 'r' });
    await env.flush();
    await ownerOf(env);
    await env.sql('rollback to savepoint mine');
    await psql.query(`create function follow() returns trigger language plpgsql as $$ begin update owner set name = 'followed' where id = 1; return null; end $$;
      create trigger follow after update on part for each statement execute function follow()`);
    await env.model('part').browse(2).write({ name: 's' });
    await env.flush();
    return ownerOf(env);
  }, { isolation });
  expect(met).toBe('followed');
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('who turns to another namespace is told what is there, and nobody else is, at %s', async (isolation) => {
  await psql.query(TENANT);
  const turned = async (env: Env): Promise<unknown> => {
    await env.sql('set local search_path to tenant');
    return [await nameOf(env), await env.model('part').count({})];
  };
  expect(await db.transaction(turned, { isolation })).toEqual(['of the tenant', 1]);
  expect(await db.transaction(async (env) => [await nameOf(env), await env.model('part').count({})])).toEqual(['p', 2]);
  expect(await db.transaction(turned, { isolation })).toEqual(['of the tenant', 1]);
});

test('what was read from the cache is asked again before names lead elsewhere, at SERIALIZABLE', async () => {
  await psql.query(TENANT);
  await db.transaction(nameOf);
  const seen = await db.transaction(async (env) => {
    const before = await nameOf(env);
    await env.sql('set local search_path to tenant');
    env.transaction.clear();
    return [before, await nameOf(env)];
  }, { isolation: 'serializable', tries: 1 });
  expect(seen).toEqual(['p', 'of the tenant']);
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('a table that the transaction itself has altered, or hidden, is not answered for by the cache, at %s', async (isolation) => {
  const told = async (env: Env): Promise<unknown> => [await nameOf(env), await env.model('part').count({ name: 'p' })];
  await db.transaction(told);
  await expect(db.transaction(async (env) => {
    await nameOf(env);
    await env.sql("/* for once */ alter table part alter column name type varchar using 'rewritten'");
    expect(await told(env)).toEqual(['rewritten', 0]);
    throw new Error('taken back');
  }, { isolation })).rejects.toThrow('taken back');
  await db.transaction(async (env) => {
    await env.sql("create temp table part on commit drop as select 1 as id, 'hidden'::varchar as name");
    expect(await told(env)).toEqual(['hidden', 0]);
  }, { isolation });
  expect(await db.transaction(told)).toEqual(['p', 1]);
});

test('a transaction may go on as a role that cannot read the change log', async () => {
  const role = `only_parts_${new URL(scratch.url).pathname.slice(1)}`;
  await psql.query(`create role "${role}"; grant select, update on part to "${role}"`);
  try {
    await db.transaction(async (env) => {
      const one = await env.model('part').browse(1).load(['name']);
      await env.sql(`set local role "${role}"`);
      await env.sql("update part set name = 'as another' where id = 1");
      expect((await one.load(['name'])).name).toBe('as another');
      await env.sql('reset role');
    });
    expect(await db.transaction(nameOf)).toBe('as another');
  } finally {
    await psql.query(`drop owned by "${role}"; drop role "${role}"`);
  }
});

test('what a statement has made of a table, and a rollback takes back, is kept by nobody', async () => {
  await expect(db.transaction(async (env) => {
    await env.sql("alter table part alter column name type varchar using 'rewritten'");
    expect(await nameOf(env)).toBe('rewritten');
    throw new Error('taken back');
  })).rejects.toThrow('taken back');
  expect(await db.transaction(nameOf)).toBe('p');
});
