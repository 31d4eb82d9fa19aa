import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Environment, Transaction } from '../src/index';
import { open, populate } from './support/open';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // what the flag puts there

interface City { readonly name: string; readonly country: { readonly name: string } | null }

/** Loops over all cities until their records keep what is read. @returns the names read last */
function loop(env: Environment): { readonly names: readonly string[]; readonly held: readonly object[] } {
  const held = [...env.model('city').browse([1, 2, 3])];
  let names: readonly string[] = [];
  for (let time = 0; time < 50; time += 1) names = (held as unknown as readonly City[]).map((city) => `${city.name} ${city.country?.name ?? '-'}`);
  return { names, held };
}

async function loaded(): Promise<Transaction> {
  const { tx } = await open();
  await populate(tx);
  await tx.env.model('city').browse([1, 2, 3]).load(['name', 'country.name']);
  return tx;
}

test('records keep what is read of them again and again, and nobody hears of these reads', async () => {
  const tx = await loaded();
  const [city] = tx.env.model('city').browse([1, 2]) as unknown as Iterable<City>;
  for (let time = 0; time < 100; time += 1) expect(city?.name).toBe('Ghent');
  const before = tx.readCounts.reads;
  for (let time = 0; time < 100; time += 1) expect(city?.name).toBe('Ghent');
  expect(tx.readCounts.reads).toBe(before);
});

test('values read once are not kept', async () => {
  const tx = await loaded();
  const cities = tx.env.model('city').browse(Array.from({ length: 3 }, (_, n) => n + 1));
  const before = tx.kept.moment;
  for (const city of cities as unknown as Iterable<City>) expect(typeof city.name).toBe('string');
  tx.env.model('city').browse(1).set('name', 'Gent');
  // Nobody kept anything, so nobody had to let go.
  expect(tx.kept.moment).toBe(before);
});

test('records that keep values, and their environment, are collected when nobody holds them', async () => {
  const tx = await loaded();
  const references = ((): readonly WeakRef<object>[] => {
    const env = tx.env.withContext({ lang: 'fr' });
    return [env, ...loop(env).held].map((one) => new WeakRef(one));
  })();
  for (let cycle = 0; cycle < 4; cycle += 1) {
    await new Promise(setImmediate);
    collect();
  }
  expect(references.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined, undefined]);
});

test('where programs may not be made of texts, records keep nothing and read the same', async () => {
  const program = `
    const { open, populate } = require(${JSON.stringify(join(__dirname, 'support/open.ts'))});
    (async () => {
      const { tx } = await open();
      await populate(tx);
      const cities = tx.env.model('city').browse([1, 2, 3]);
      await cities.load(['name', 'country.name']);
      let names;
      for (let time = 0; time < 100; time += 1) names = [...cities].map((city) => city.name + ' ' + city.country.name);
      cities.at(0).name = 'Gent';
      process.stdout.write(JSON.stringify([...names, tx.kept.moment, cities.at(0).name]));
    })();`;
  const root = join(__dirname, '../../..');
  const answer = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', '--conditions=@ormolu/source', '--require', join(root, 'scripts/ts-node.cjs'), '-e', program], { cwd: root, encoding: 'utf8' });
  expect(JSON.parse(answer)).toEqual([...loop((await loaded()).env).names, 0, 'Gent']);
});
