import type { StoredId } from '@ormolu/kernel';
import type { Registry } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { Transaction, type RecordSet } from '../../src/index';
import { geo } from './geo';

/** A transaction on an empty database, with what tests ask of it. */
export interface Opened {
  readonly tx: Transaction;
  /** Another transaction on the same database, which sees what has been committed. */
  again(): Promise<Transaction>;
  /** The statements that the session has sent while some work ran. */
  counting(work: () => unknown): Promise<number>;
}

/** Opens one in memory; the models are those of `geo` unless others are given. */
export async function open(registry: Registry = geo.registry()): Promise<Opened> {
  const storage = memory();
  await storage.migrate(registry.schema);
  const begin = async (): Promise<Transaction> =>
    new Transaction({ registry, session: await storage.open({ schema: registry.schema }), rung: new StorageRung() });
  const tx = await begin();
  return { tx, again: begin, counting: (work) => counted(tx, work) };
}

/** The statements that a transaction's session sends while some work runs. */
export async function counted(tx: Transaction, work: () => unknown): Promise<number> {
  const before = tx.session.statements;
  await work();
  return tx.session.statements - before;
}

/** What the database holds of some records, a list for each field in the order of the ids. A database gives rows in an order of its own. */
export async function storedColumns(tx: Transaction, model: string, ids: readonly StoredId[], names: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const { ids: found, columns } = await tx.readStored(model, ids, names);
  return columns.map((column) => ids.filter((id) => found.includes(id)).map((id) => column[found.indexOf(id)]));
}

/** A world of two countries and three cities, in the database and no longer in memory. Ids begin with 1. */
export async function populate(tx: Transaction): Promise<void> {
  await tx.env.model('country').create([{ name: 'Belgium' }, { name: 'France' }]);
  await tx.env.model('city').create([
    { name: 'Ghent', population: 260, country: 1 },
    { name: 'Bruges', population: 118, country: 1, twin: 1 },
    { name: 'Lyon', population: 520, country: 2, twin: 1 },
  ]);
  await tx.flush();
  tx.clear();
}

/** One record by id. */
export function one(tx: Transaction, model: string, id: StoredId): RecordSet {
  return tx.env.model(model).browse(id);
}
