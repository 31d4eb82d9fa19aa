import { MisuseError, type InsertRows, type StoredId, type UpdateRows } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment, RecordSet, Values } from '@ormolu/transaction';
import { assigned } from './assigned';
import { givenColumns, malformed, valuesByPlace, type GivenColumn, type GivenColumns } from './given-columns';
import type { Told } from './surplus';

/** Records without any value cost whoever sends them nothing. */
const MOST_EMPTY = 10_000;

interface Done {
  readonly ids: readonly StoredId[];
  readonly told: Told;
}

/**
 * Creates records of columns.
 *
 * @param assertMay - throws when records of a model may not be written that a related field would write to
 * @remarks One INSERT a model for those whose values have the same first company and language, beside what triggers take.
 */
export async function createRecords(env: Environment, { model: name, count, fields, columns, ids: named, skipsExisting }: InsertRows, assertMay: (model: string) => void): Promise<Done> {
  const model = env.registry.model(name);
  if (!Number.isSafeInteger(count) || count < 0 || (named !== undefined && (!Array.isArray(named) || named.length !== count))) throw malformed(name, 'a number of records, and ids for all of them or for none');
  if (named && model.idType !== 'text' && model.idType !== 'uuid') throw malformed(name, 'no ids: the database gives them');
  if (skipsExisting === true) throw malformed(name, 'only what is new');
  if (fields.length === 0 && count > MOST_EMPTY) throw malformed(name, `no more than ${String(MOST_EMPTY)} records without a value`);
  const given = givenColumns(model, { fields, columns }, { count, fieldOf: (field) => env.registry.field(name, field) });
  const rows = Array.from({ length: count }, (_, place) => new NewRow(env, place, given.keyed));
  const ids: StoredId[] = [];
  const groups = new Map<string, NewRow[]>();
  for (const row of rows) {
    const alike = groups.get(row.signature);
    if (alike) alike.push(row);
    else groups.set(row.signature, [row]);
  }
  let hasAssigned = false;
  for (const alike of groups.values()) {
    const [first] = alike;
    const records = (first?.env ?? env).model(name);
    const plain = alike.map(({ place, first: firstValues }): Values => ({ ...valuesAt(given.plain, place), ...firstValues }));
    const own = await assignedNew(records, given.invertible, { values: plain, places: alike.map(({ place }) => place) });
    if (assertMayAssign(env, own, assertMay)) hasAssigned = true;
    const made = await records.create(alike.map(({ place }, n): Values => ({ ...named && { id: named[place] }, ...plain[n], ...valuesAt(own[n] ?? [], place) })));
    // None of them is a draft.
    for (const [n, { place }] of alike.entries()) ids[place] = made.ids[n] as StoredId;
  }
  await env.run(() => {
    for (const { place, others } of rows) for (const { field, own, value } of others) own.model(name).browse([ids[place] ?? '']).at(0)?.set(field.name, value);
  });
  return { ids, told: { model: name, ids, fields: asSaid(given, hasAssigned), recomputed: given.computed } };
}

/**
 * What was assigned to new records, beside their other values: drafts of them tell, which are forgotten with the statement.
 *
 * Null is not: in rows that are sent together it stands for what was given to others of them only, and the inverse would take away what this one was given.
 */
async function assignedNew(records: RecordSet, columns: readonly GivenColumn[], { values, places }: { readonly values: readonly Values[]; readonly places: readonly number[] }): Promise<readonly (readonly GivenColumn[])[]> {
  if (columns.length === 0) return [];
  const differing = await assigned(records.browse(values.flatMap((one) => records.new(one).ids)), columns, places);
  return differing.map((own, n) => own.filter(({ valueOf }) => valueOf(places[n] ?? 0) !== null));
}

/**
 * Writes columns to records.
 *
 * @param options - `exists` tells the records that are there; the others are left out. `assertMay` as above
 */
export async function writeRecords(env: Environment, { model: name, ids, fields, columns }: UpdateRows, { exists, assertMay }: { readonly exists: (id: StoredId) => boolean; readonly assertMay: (model: string) => void }): Promise<Done> {
  const model = env.registry.model(name);
  const given = givenColumns(model, { fields, columns }, { count: ids.length, fieldOf: (field) => env.registry.field(name, field) });
  const found = ids.filter(exists);
  const records = env.model(name).browse(found);
  const same = given.plain.filter(({ isSame }) => isSame);
  if (same.length > 0 && found.length > 0) await records.write(valuesAt(same, 0));
  const own = given.plain.filter(({ isSame }) => !isSame);
  if (own.length + given.keyed.length > 0) await env.run(() => {
    for (const [place, id] of ids.entries()) {
      if (!exists(id)) continue;
      const record = records.browse([id]).at(0);
      for (const { field, valueOf } of own) record?.set(field.name, valueOf(place));
      for (const column of given.keyed) {
        if (column.valueOf(place) === null) throw new MisuseError('TX_ARGUMENT', `${column.field.toString()} has a value for each company or language. Name those that are to be without.`, { details: { model: name, field: column.field.name } });
        for (const [at, value] of valuesByPlace(column, place)) record?.withEnv(inPlace(env, column.field, at)).at(0)?.set(column.field.name, value);
      }
    }
  });
  const places = [...ids.keys()].filter((place) => exists(ids[place] as StoredId)); // a place of it
  const assignments = await assigned(records, given.invertible, places);
  const hasAssigned = assertMayAssign(env, assignments, assertMay);
  if (hasAssigned) await env.run(() => {
    for (const [n, columns] of assignments.entries()) for (const { field, valueOf } of columns) records.at(n)?.set(field.name, valueOf(places[n] ?? 0));
  });
  return { ids: found, told: { model: name, ids: found, fields: asSaid(given, hasAssigned), recomputed: given.computed } };
}

/** @returns whether anything was assigned at all */
function assertMayAssign(env: Environment, assignments: readonly (readonly GivenColumn[])[], assertMay: (model: string) => void): boolean {
  const fields = new Set(assignments.flat().map(({ field }) => field));
  for (const { model, related } of fields) if (related) assertMay(related.slice(0, -1).reduce((here, name) => env.registry.field(here, name).relation?.comodel ?? here, model));
  return fields.size > 0;
}

/** The fields that are as they were given; where inverses have run, nobody knows without looking. */
function asSaid({ plain, invertible, keyed }: GivenColumns, hasAssigned: boolean): readonly string[] {
  const fields = [...plain, ...invertible, ...keyed].map(({ field }) => field);
  if (hasAssigned || [...plain, ...keyed].some(({ field: { inverse } }) => inverse !== undefined)) return [];
  return fields.map(({ name }) => name);
}

function valuesAt(columns: readonly GivenColumn[], place: number): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ field, valueOf }) => [field.name, valueOf(place)]));
}

/** A record to be created: in the place of its first company and language, and with what it has for others. */
class NewRow {
  readonly place: number;
  readonly env: Environment;
  /** Alike for records that can be created together. */
  readonly signature: string;
  readonly first: Readonly<Record<string, unknown>>;
  readonly others: readonly { readonly field: Field; readonly own: Environment; readonly value: unknown }[];

  constructor(env: Environment, place: number, keyed: readonly GivenColumn[]) {
    this.place = place;
    const byField = keyed.map((column) => ({ field: column.field, values: valuesByPlace(column, place) }));
    const source = env.transaction.actors.sourceLanguage ?? 'en_US';
    const placesOf = (by: Field['keyedBy']): readonly string[] => byField.filter(({ field }) => field.keyedBy === by).flatMap(({ values }) => values.map(([at]) => at));
    const [languages, [company]] = [placesOf('lang'), placesOf('company')];
    const lang = languages.includes(source) ? source : languages[0];
    const firstOf = ({ keyedBy }: Field): string | undefined => (keyedBy === 'lang' ? lang : company);
    this.signature = JSON.stringify([lang ?? null, company ?? null]);
    this.env = env.withContext({ ...lang !== undefined && { lang }, ...company !== undefined && { allowedCompanyIds: [company] } });
    this.first = Object.fromEntries(byField.flatMap(({ field, values }) => values.filter(([at]) => at === firstOf(field)).map(([, value]) => [field.name, value])));
    this.others = byField.flatMap(({ field, values }) => values.filter(([at]) => at !== firstOf(field)).map(([at, value]) => ({ field, own: inPlace(env, field, at), value })));
  }
}

/** The same environment in the place of one value. */
function inPlace(env: Environment, { keyedBy }: Field, place: string): Environment {
  return env.withContext(keyedBy === 'lang' ? { lang: place } : { allowedCompanyIds: [place] });
}
