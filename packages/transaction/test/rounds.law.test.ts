import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import type { RecordSet, Transaction } from '../src/index';
import { open } from './support/open';

const RELATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  city: { country: 'country', twin: 'city', region: 'region' },
  country: { cities: 'city' },
  region: { parent: 'region', children: 'region' },
};

/** Relations to follow, each picked among those that the model before it has. */
const walks = fc.array(fc.nat({ max: 5 }), { maxLength: 4 });
const roots = fc.constantFrom('city', 'country', 'region');

function pathOf(root: string, picks: readonly number[]): string {
  let model = root;
  const names = picks.map((pick) => {
    const relations = Object.keys(RELATIONS[model] ?? {});
    const name = relations[pick % relations.length] ?? '';
    model = RELATIONS[model]?.[name] ?? '';
    return name;
  });
  return [...names, 'name'].join('.');
}

/** A world of which every relation leads somewhere, in the database and not in memory. */
async function world(cities: number): Promise<{ tx: Transaction; counting: (work: () => unknown) => Promise<number>; sizeOf: (root: string) => number }> {
  const { tx, counting } = await open();
  const count = Math.max(2, Math.ceil(cities / 3));
  await tx.env.model('country').create(Array.from({ length: count }, (_, n) => ({ name: `country ${String(n)}` })));
  await tx.env.model('region').create(Array.from({ length: count }, (_, n) => ({ name: `region ${String(n)}`, parent: n === 0 ? null : Math.ceil(n / 2) })));
  await tx.env.model('city').create(Array.from({ length: cities }, (_, n) => ({
    name: `city ${String(n)}`, country: (n % count) + 1, region: (n % count) + 1, twin: n === 0 ? null : n,
  })));
  await tx.flush();
  tx.clear();
  return { tx, counting, sizeOf: (root) => (root === 'city' ? cities : count) };
}

/** The relations and fields to be read from a set, each with the way to it: what paths have in common counts once. */
function prefixes(paths: readonly string[]): number {
  return new Set(paths.flatMap((path) => path.split('.').map((_, place, names) => names.slice(0, place + 1).join('.')))).size;
}

test('law: for all paths and numbers of records, a load takes a statement a prefix at most', async () => {
  await fc.assert(fc.asyncProperty(roots, fc.array(walks, { minLength: 1, maxLength: 3 }), fc.integer({ min: 2, max: 30 }), async (root, picks, cities) => {
    const { tx, counting, sizeOf } = await world(cities);
    const paths = picks.map((each) => pathOf(root, each));
    const set = tx.env.model(root).browse(Array.from({ length: sizeOf(root) }, (_, n) => n + 1));
    expect(await counting(() => set.load(paths))).toBeLessThanOrEqual(prefixes(paths));
    expect(await counting(() => set.load(paths))).toBe(0);
  }), { numRuns: lawRuns(100) });
});

test('law: for all paths and numbers of records, a function that walks them takes a statement a prefix at most', async () => {
  await fc.assert(fc.asyncProperty(roots, fc.array(walks, { minLength: 1, maxLength: 3 }), fc.integer({ min: 2, max: 30 }), async (root, picks, cities) => {
    const { tx, counting, sizeOf } = await world(cities);
    const paths = picks.map((each) => pathOf(root, each));
    const set = tx.env.model(root).browse(Array.from({ length: sizeOf(root) }, (_, n) => n + 1));
    const walk = (record: RecordSet, names: readonly string[]): void => {
      const [name = '', ...rest] = names;
      const value = record.get(name);
      if (rest.length > 0 && value !== null) for (const next of value as RecordSet) walk(next, rest);
    };
    const statements = await counting(() => tx.run(() => {
      for (const record of set) for (const path of paths) walk(record, path.split('.'));
    }));
    expect(statements).toBeLessThanOrEqual(prefixes(paths));
  }), { numRuns: lawRuns(100) });
});
