import { OrmoluError } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import * as fc from 'fast-check';
import type { Environment, RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const places = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: {
    name: char({ required: true }),
    population: integer(),
    note: char({ translate: true }),
    country: many2one('country', { onDelete: 'set null' }),
    twin: many2one('city', { onDelete: 'set null' }),
    label: char({ store: true }),
  },
}).compute('city', 'label', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? '-'}`);

const FIELDS = { city: ['name', 'population', 'note', 'country', 'twin', 'label'], country: ['name', 'cities'] } as const;
const OPS = ['name', 'population', 'note', 'country', 'twin', 'rename country', 'clear', 'forget all', 'forget field', 'forget city', 'load', 'flush', 'savepoint', 'raw', 'raw undefined', 'unlink', 'run', 'failing run', 'reset'] as const;

const steps = fc.array(fc.record({ op: fc.constantFrom(...OPS), which: fc.integer({ min: 1, max: 4 }), pick: fc.nat({ max: 3 }) }), { maxLength: 8 });
type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;

/** Records that are held all the time, of two environments that see another language. */
interface Held {
  readonly sets: readonly RecordSet[];
  readonly records: readonly RecordSet[];
}

async function hold(tx: Transaction): Promise<Held> {
  await tx.env.model('country').create([{ name: 'Belgium' }, { name: 'France' }]);
  await tx.env.model('city').create([1, 2, 3, 4].map((n) => ({ name: `city ${String(n)}`, population: n, note: `note ${String(n)}`, country: (n % 2) + 1 })));
  await tx.flush();
  tx.clear();
  const sets = [tx.env, tx.env.withContext({ lang: 'fr' })].flatMap((env) => [env.model('city').browse([1, 2, 3, 4]), env.model('country').browse([1, 2])]);
  return { sets, records: sets.flatMap((set) => [...set]) };
}

/** What a read gives, as a plain value: records by what they are, errors by their code. */
function outcome(read: () => unknown): unknown {
  try {
    const value = read();
    return typeof value === 'object' && value !== null && 'ids' in value && 'model' in value ? [value.model, value.ids] : value;
  } catch (error) {
    if (!OrmoluError.is(error)) throw error;
    return error.code;
  }
}

/** Reads every property again and again, so that records keep what they can, and compares with `get`, which always asks the cache. */
function compare({ sets, records }: Held): void {
  const all = [...records, ...sets.flatMap((set) => [...set])];
  for (let time = 0; time < 4; time += 1) {
    for (const record of all) {
      for (const name of FIELDS[record.model as keyof typeof FIELDS]) {
        const own = outcome(() => (record as unknown as Record<string, unknown>)[name]);
        const found = outcome(() => record.get(name));
        if (JSON.stringify([own]) !== JSON.stringify([found])) expect([record.toString(), name, own]).toEqual([record.toString(), name, found]);
        if (name === 'cities' && Array.isArray(found)) compareList(record);
      }
    }
  }
}

/** Lists may be given as the sets they were given as before: of what the cache holds now, of the classes of now, and with members that read as any others. */
function compareList(record: RecordSet): void {
  const { env } = record;
  const given = record.get('cities') as RecordSet;
  const plain = env.model('city').browse(env.peek(env.registry.field('country', 'cities'), record.id) as number[]);
  expect(given.ids).toEqual(plain.ids);
  expect(given.constructor).toBe(plain.constructor);
  expect([...given].map((city) => outcome(() => city.get('population')))).toEqual([...plain].map((city) => outcome(() => city.get('population'))));
}

async function perform(tx: Transaction, held: Held, script: readonly Step[]): Promise<void> {
  for (const [at, { op, which, pick }] of script.entries()) {
    const city = one(tx, 'city', which);
    const attempt = async (work: () => unknown): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!OrmoluError.is(error)) throw error;
      }
    };
    const languages: readonly Environment[] = [tx.env, tx.env.withContext({ lang: 'fr' })];
    if (op === 'name') await attempt(() => { city.set('name', `name ${String(pick)}`); });
    else if (op === 'population') await attempt(() => { city.set('population', pick); });
    else if (op === 'note') await attempt(() => languages[pick % 2]!.model('city').browse(which).write({ note: `note ${String(pick)}` }));
    else if (op === 'country') await attempt(() => { city.set('country', pick === 0 ? null : one(tx, 'country', (pick % 2) + 1)); });
    else if (op === 'twin') await attempt(() => { city.set('twin', pick === 0 ? null : one(tx, 'city', pick)); });
    else if (op === 'rename country') await attempt(() => { one(tx, 'country', (pick % 2) + 1).set('name', `country ${String(pick)}`); });
    else if (op === 'clear') tx.clear();
    else if (op === 'forget all') tx.cache.invalidate();
    else if (op === 'forget field') city.browse([1, 2, 3, 4]).invalidate([FIELDS.city[pick]!]);
    else if (op === 'forget city') city.invalidate();
    else if (op === 'load') await attempt(async () => { for (const set of held.sets) await attempt(() => set.load([...FIELDS[set.model as keyof typeof FIELDS]])); });
    else if (op === 'flush') await attempt(() => tx.flush());
    else if (op === 'raw') tx.cache.set(city, tx.registry.field('city', 'population'), 100 + pick);
    else if (op === 'raw undefined') tx.cache.set(city, tx.registry.field('city', 'population'), undefined);
    else if (op === 'unlink') await attempt(() => city.unlink());
    else if (op === 'run') await attempt(() => tx.run(() => { compare(held); for (const record of held.sets[0]!) if (pick > 0) record.set('population', Number(record.get('population') ?? 0) + pick); }));
    else if (op === 'failing run') await attempt(() => tx.run(() => { city.set('name', `lost ${String(pick)}`); compare(held); for (const record of held.sets[2]!) record.get('note'); throw new OrmoluError('TEST', 'not done'); }));
    else if (op === 'reset') await tx.reset();
    else {
      await attempt(() => tx.savepoint(async () => {
        compare(held);
        await perform(tx, held, script.slice(at + 1));
        if (pick < 2) throw new OrmoluError('TEST', 'taken back');
      }, { flush: pick % 2 === 0 }));
      compare(held);
      return;
    }
    compare(held);
  }
}

// Records keep what the cache holds, which knows no storage; that fetches, flushes and rollbacks of a database tell them to let go takes a few scripts.
everywhere(places.registry(), ({ open, runs }) => {
  test('law: for every script, properties give what the cache holds, whatever records have kept before', async () => {
    await fc.assert(fc.asyncProperty(steps, async (script) => {
      const { tx } = await open();
      const held = await hold(tx);
      for (const set of held.sets) await set.load([...FIELDS[set.model as keyof typeof FIELDS]]);
      compare(held);
      await perform(tx, held, script);
      await tx.rollback();
    }), { numRuns: runs(100, 8) });
  });
});
