import type { Session } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { Transaction, type RecordSet } from '@ormolu/transaction';

/** Cities in states in countries: two relations and a value, three hops from a set of cities. */
export const models = defineModels({
  city: { name: char(), population: integer(), state: many2one('state') },
  state: { name: char(), country: many2one('country'), cities: one2many('city', 'state') },
  country: { name: char(), code: integer(), states: one2many('state', 'country') },
});

/** What one record holds, as a program without a database keeps it. */
export interface Country { name: string; code: number }
export interface State { name: string; country: Country }
export interface City { name: string; population: number; state: State }

const STATES_PER_COUNTRY = 10;
const CITIES_PER_STATE = 20;

/** Linked objects of the same data. */
export function plainCities(count: number): City[] {
  const states = Math.ceil(count / CITIES_PER_STATE);
  const countries: Country[] = Array.from({ length: Math.ceil(states / STATES_PER_COUNTRY) }, (_, n) => ({ name: `country ${String(n)}`, code: n }));
  const linked: State[] = Array.from({ length: states }, (_, n) => ({ name: `state ${String(n)}`, country: at(countries, n % countries.length) }));
  return Array.from({ length: count }, (_, n) => ({ name: `city ${String(n)}`, population: n % 1_000, state: at(linked, (n * 7) % linked.length) }));
}

function at<T>(list: readonly T[], place: number): T {
  const found = list[place];
  if (found === undefined) throw new RangeError(`There is no element ${String(place)}.`);
  return found;
}

/** A transaction on a database in memory, in which all of it is stored and nothing is loaded. */
export async function storedCities(count: number): Promise<{ readonly tx: Transaction; readonly cities: RecordSet; readonly session: Session }> {
  const registry = models.registry();
  const storage = memory();
  await storage.migrate(registry.schema);
  const filling = await storage.open({ schema: registry.schema });
  const states = Math.ceil(count / CITIES_PER_STATE);
  const countries = Math.ceil(states / STATES_PER_COUNTRY);
  const numbers = (length: number): number[] => Array.from({ length }, (_, n) => n);
  await filling.insert({ model: 'country', count: countries, fields: ['name', 'code'], columns: [numbers(countries).map((n) => `country ${String(n)}`), numbers(countries)] });
  await filling.insert({ model: 'state', count: states, fields: ['name', 'country'], columns: [numbers(states).map((n) => `state ${String(n)}`), numbers(states).map((n) => (n % countries) + 1)] });
  await filling.insert({
    model: 'city', count, fields: ['name', 'population', 'state'],
    columns: [numbers(count).map((n) => `city ${String(n)}`), numbers(count).map((n) => n % 1_000), numbers(count).map((n) => ((n * 7) % states) + 1)],
  });
  await filling.commit();
  const session = await storage.open({ schema: registry.schema });
  const tx = new Transaction({ registry, session, rung: new StorageRung() });
  return { tx, cities: tx.env.model('city').browse(numbers(count).map((n) => n + 1)), session };
}

/** The records of a set with their fields as properties, which the types of the engine's own records do not know. */
export function typed<T>(records: RecordSet): Iterable<T> {
  return records as unknown as Iterable<T>;
}
