import { EVERYTHING, whyStale, type EntryStamp, type MissReason, type Schema, type Session, type Sight, type Storage, type Tag } from '@ormolu/kernel';
import * as fc from 'fast-check';
import { column, reference, Tables } from '../../src/compliance/fixture';

/** Countries, cities that go with their country, streets that stay without their city. */
export const SCHEMA: Schema = new Tables(1)
  .add('country', [column('name', 'text')])
  .add('city', [column('name', 'text'), column('size', 'int4'), reference('country', 'country', 'cascade')])
  .add('street', [column('name', 'text'), column('note', 'jsonb'), reference('city', 'city', 'set null')], { versioned: true })
  .schema();

const FIELDS: Readonly<Record<string, readonly string[]>> = { country: ['name'], city: ['name', 'size', 'country'], street: ['name', 'note', 'city', '$version'] };

const id = fc.integer({ min: 1, max: 5 });

/** Statements as any program may send them. */
export const writes: fc.Arbitrary<string> = fc.oneof(
  id.map((n) => `insert into country_1 (id, name_col) values (${n}, 'c${n}')`),
  fc.tuple(id, id).map(([n, to]) => `insert into city_1 (id, name_col, size_col, country_id) values (${n}, 'a', 1, ${to})`),
  fc.tuple(id, id).map(([n, to]) => `insert into street_1 (id, name_col, city_id) values (${n}, 's', ${to}) on conflict (id) do update set name_col = street_1.name_col || '+', city_id = excluded.city_id`),
  fc.tuple(id, id).map(([n, size]) => `update city_1 set size_col = ${size} where id >= ${n}`),
  id.map((n) => `update city_1 set name_col = name_col || '!', size_col = size_col where id = ${n}`),
  id.map((n) => `update city_1 set id = id + 5, country_id = null where id = ${n}`),
  id.map((n) => `update street_1 set note_col = jsonb_build_object('n', ${n}) where id <> ${n}`),
  id.map((n) => `delete from country_1 where id = ${n}`),
  id.map((n) => `delete from city_1 where id > ${n} + 2`),
  fc.tuple(id, id).map(([n, other]) => `with gone as (delete from street_1 where id = ${n} returning name_col) insert into country_1 (id, name_col) select ${other} + 5, name_col from gone on conflict do nothing`),
  fc.constantFrom('truncate street_1', 'truncate country_1 cascade', 'update country_1 set name_col = name_col', 'delete from street_1 where false'),
  id.map((n) => `do $$ begin update country_1 set name_col = 'in a block' where id = ${n}; begin update city_1 set size_col = 9; insert into city_1 (id) values (1), (1); exception when unique_violation then null; end; end $$`),
  id.map((n) => `insert into street_1 (id, name_col) select g, 'many' from generate_series(${n} + 100, ${n} + 1150) g on conflict do nothing`),
  fc.constantFrom('update street_1 set name_col = \'all\'', 'delete from street_1 where id > 100'),
);

/** All records that a session sees, under the stamp of their snapshot. */
export interface Look {
  readonly sight: Sight;
  readonly stamp: EntryStamp;
  readonly contents: ReadonlyMap<string, ReadonlyMap<unknown, readonly string[]>>;
}

/** Reads all there is in one snapshot. */
export async function look(session: Session): Promise<Look> {
  const sight = await session.sight?.();
  const contents = new Map<string, ReadonlyMap<unknown, readonly string[]>>();
  let stamp: EntryStamp | undefined;
  for (const { model } of SCHEMA.tables) {
    const { ids, columns, stamp: given } = await session.query({ model, filter: EVERYTHING, fields: FIELDS[model], stamped: true });
    stamp = given;
    contents.set(model, new Map(ids.map((one, n) => [one, columns.map((values) => JSON.stringify(values[n], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))])));
  }
  if (!sight || !stamp) throw new Error('The session has no sight.');
  return { sight, stamp, contents };
}

/** What a reader would be told of an entry. */
export interface Verdict {
  readonly tag: Tag;
  readonly reason: MissReason | undefined;
  readonly differs: boolean;
}

/** Judges what one look would have given to the caches, as another look's transaction does, and says what is true. */
export function judge(reader: Look, filled: Look): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  for (const [model, mine] of reader.contents) {
    const theirs = filled.contents.get(model) ?? new Map<unknown, readonly string[]>();
    const fields = FIELDS[model] ?? [];
    const differing = new Set<string>();
    let isOther = false;
    for (const one of new Set([...mine.keys(), ...theirs.keys()])) {
      const [here, there] = [mine.get(one), theirs.get(one)];
      const changed = fields.filter((_, n) => here?.[n] !== there?.[n]);
      isOther ||= !here || !there;
      for (const field of changed) differing.add(field);
      // Of very many records some will do.
      if (changed.length === 0 && Number(one) > 120) continue;
      for (const field of fields) verdicts.push(verdict(reader, filled, { model, id: one as number, fields: [field] }, changed.includes(field)));
    }
    for (const field of fields) verdicts.push(verdict(reader, filled, { model, fields: [field] }, isOther || differing.has(field)));
    verdicts.push(verdict(reader, filled, { model, fields: ['id'] }, isOther), verdict(reader, filled, { model }, isOther || differing.size > 0));
  }
  return verdicts;
}

function verdict(reader: Look, filled: Look, tag: Tag, differs: boolean): Verdict {
  return { tag, differs, reason: whyStale(reader.sight, filled.stamp, [tag]) };
}

/** Opens a session that caches may ask. */
export function inSight(storage: Storage): Promise<Session> {
  return storage.open({ schema: SCHEMA, sight: true });
}
