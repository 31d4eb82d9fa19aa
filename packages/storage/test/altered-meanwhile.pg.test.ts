import { EVERYTHING, whyStale, type EntryStamp, type Isolation, type Session } from '@ormolu/kernel';
import { CITY, SCHEMA, watchedCities, type WatchedCities } from './support/watched-cities';

jest.setTimeout(120_000);

let cities: WatchedCities;
let opened: Session[] = [];

beforeEach(async () => {
  opened = [];
  cities = await watchedCities();
  await cities.outside.query('insert into street_1 (id, name_col) select g, \'s\' || g from generate_series(1, 20) g');
  await cities.outside.query('create function along() returns trigger language plpgsql as $$ begin update street_1 set name_col = \'along\'; return coalesce(new, old); end $$');
});

afterEach(async () => {
  for (const session of opened) await session.rollback();
  await cities.close();
});

const STREETS = { model: 'street', ids: [1], fields: ['name'] };

async function open(isolation: Isolation): Promise<Session> {
  const session = await cities.storage.open({ schema: SCHEMA, isolation, sight: true });
  opened.push(session);
  return session;
}

/** The stamp of what another transaction has read, and that has since been kept. */
async function kept(): Promise<EntryStamp | undefined> {
  const session = await open('repeatable read');
  const { stamp } = await session.query({ ...CITY, filter: EVERYTHING, stamped: true });
  await session.commit();
  return stamp;
}

/** What a cache would be told about what it keeps of streets: undefined when it may answer. */
async function whyNot(session: Session, stamp: EntryStamp | undefined): Promise<unknown> {
  const sight = await session.sight?.();
  return sight && stamp ? whyStale(sight, stamp, [{ model: 'street', id: 1, fields: ['name'] }]) : 'no sight';
}

const update = (session: Session, id = 1): Promise<unknown> => session.update({ model: 'city', ids: [id], fields: ['name'], columns: [['x']] });
const remove = (session: Session): Promise<unknown> => session.delete('city', [1]);

describe.each<Isolation>(['repeatable read', 'serializable', 'read committed'])('in a transaction at %s that was open when', (isolation) => {
  test.each<readonly [string, string, (session: Session) => Promise<unknown>]>([
    ['a trigger came', 'create trigger following after update on city_1 for each row execute function along()', update],
    ['a trigger came that fires without rows, too,', 'create trigger following after update on city_1 for each statement execute function along()', (session) => update(session, 99)],
    ['a rule came', 'create rule following as on update to city_1 do also update street_1 set name_col = \'along\'', update],
    ['a foreign key came', 'alter table street_1 add foreign key (id) references city_1 on delete cascade', remove],
  ])('%s, what the write of that table has changed along is not taken from a cache', async (_, statement, write) => {
    const stamp = await kept();
    const session = await open(isolation);
    expect(await whyNot(session, stamp)).toBeUndefined();
    if (statement.includes('foreign key')) await cities.outside.query('delete from street_1 where id > 1');
    await cities.outside.query(statement);
    expect(isolation === 'read committed' ? undefined : await whyNot(session, stamp)).toBeUndefined();
    await write(session);
    expect(await whyNot(session, stamp)).toBeDefined();
    expect((await session.read(STREETS)).columns).not.toEqual([['s1']]);
    expect(session.takeTouched?.()).toContainEqual({ model: 'street' });
  });

  test('a trigger came that fires without rows, too, nothing that is read behind it is anybody else\'s', async () => {
    const stamped = async (): Promise<EntryStamp | undefined> => (await session.query({ model: 'street', filter: EVERYTHING, fields: ['name'], stamped: true })).stamp;
    const session = await open(isolation);
    expect(await stamped()).toBeDefined();
    await update(session, 99);
    // Nothing came, but nobody knows before it was looked.
    expect(await stamped()).toBeUndefined();
    await session.sight?.();
    expect(await stamped()).toBeDefined();
    await cities.outside.query('create trigger following after delete on street_1 for each statement execute function along()');
    await session.delete('street', [99]);
    expect(await stamped()).toBeUndefined();
    await session.sight?.();
    expect(await stamped()).toBeUndefined();
  });
});

test('a trigger that came where a savepoint had let go of the table is met, too', async () => {
  const stamp = await kept();
  const session = await open('repeatable read');
  const savepoint = await session.savepoint();
  await update(session);
  expect(await whyNot(session, stamp)).toBeUndefined();
  await session.rollbackTo(savepoint);
  await cities.outside.query('create trigger following after update on city_1 for each row execute function along()');
  await update(session);
  expect(await whyNot(session, stamp)).toBeDefined();
});

test('what follows is learnt from the log, record by record', async () => {
  const stamp = await kept();
  const session = await open('repeatable read');
  await session.sight?.();
  await cities.outside.query('create trigger following after update on city_1 for each row when (new.id = 2) execute function along()');
  await update(session, 1);
  expect(await whyNot(session, stamp)).toBeDefined();
  session.takeTouched?.();
  await update(session, 2);
  expect(session.takeTouched?.()).toContainEqual({ model: 'street', id: 1, fields: ['name'] });
  await session.commit();
  expect(session.committed).toBeUndefined();
});

test('a transaction looks once a table that it writes, and not before somebody asks a cache', async () => {
  const stamp = await kept();
  const session = await open('repeatable read');
  await session.sight?.();
  const before = cities.storage.statements;
  const sent = (): number => cities.storage.statements - before - session.statements;
  const own = sent();
  await update(session, 1);
  expect(sent()).toBe(own);
  expect(await whyNot(session, stamp)).toBeUndefined();
  const looked = sent();
  expect(looked).toBeGreaterThan(own);
  await update(session, 2);
  expect(await whyNot(session, stamp)).toBeUndefined();
  expect(sent()).toBe(looked);
  await session.insert({ model: 'street', count: 1, ids: [99], fields: ['name'], columns: [['new']] });
  await session.sight?.();
  expect(sent()).toBe(2 * looked - own);
});
