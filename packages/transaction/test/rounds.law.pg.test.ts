import * as fc from 'fast-check';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { open as openInMemory, type Opened } from './support/open';

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

interface World extends Pick<Opened, 'counting'> {
  readonly tx: Transaction;
  sizeOf(root: string): number;
}

/** A world of which every relation leads somewhere, in the database and not in memory. */
async function world(open: () => Promise<Opened>, cities: number): Promise<World> {
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

// Which questions are asked is decided above the storage: a few worlds in each database show that it asks no more of its own.
everywhere(geo.registry(), ({ open, runs }) => {
  /** The statements of some work in a world of this storage; in memory the same work takes as many. */
  async function statementsOf(cities: number, work: (world: World) => Promise<readonly number[]>): Promise<readonly number[]> {
    const statements = await work(await world(open, cities));
    expect(statements).toEqual(await work(await world(openInMemory, cities)));
    return statements;
  }

  test('law: for all paths and numbers of records, a load takes a statement a prefix at most', async () => {
    await fc.assert(fc.asyncProperty(roots, fc.array(walks, { minLength: 1, maxLength: 3 }), fc.integer({ min: 2, max: 30 }), async (root, picks, cities) => {
      const paths = picks.map((each) => pathOf(root, each));
      const [first, again] = await statementsOf(cities, async ({ tx, counting, sizeOf }) => {
        const set = tx.env.model(root).browse(Array.from({ length: sizeOf(root) }, (_, n) => n + 1));
        return [await counting(() => set.load(paths)), await counting(() => set.load(paths))];
      });
      expect(first).toBeLessThanOrEqual(prefixes(paths));
      expect(again).toBe(0);
    }), { numRuns: runs(100, 15) });
  });

  test('law: for all paths and numbers of records, a function that walks them takes a statement a prefix at most', async () => {
    await fc.assert(fc.asyncProperty(roots, fc.array(walks, { minLength: 1, maxLength: 3 }), fc.integer({ min: 2, max: 30 }), async (root, picks, cities) => {
      const paths = picks.map((each) => pathOf(root, each));
      const walk = (record: RecordSet, names: readonly string[]): void => {
        const [name = '', ...rest] = names;
        const value = record.get(name);
        if (rest.length > 0 && value !== null) for (const next of value as RecordSet) walk(next, rest);
      };
      const [statements] = await statementsOf(cities, async ({ tx, counting, sizeOf }) => {
        const set = tx.env.model(root).browse(Array.from({ length: sizeOf(root) }, (_, n) => n + 1));
        return [await counting(() => tx.run(() => {
          for (const record of set) for (const path of paths) walk(record, path.split('.'));
        }))];
      });
      expect(statements).toBeLessThanOrEqual(prefixes(paths));
    }), { numRuns: runs(100, 15) });
  });
});
