import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { openOrmolu, postgres } from '../src/index';
import { computations, labelOf, models, rateOf, write, type Database } from './support/rates/models';
import { Peer } from './support/rates/peer';

let scratch: ScratchDatabase;
let here: Database;
let there: Peer;

beforeAll(async () => {
  scratch = await createDatabase();
  here = await openOrmolu({ models, storage: postgres(scratch.url) });
  await here.migrate();
  await here.transaction((env) => env.model('rate').create({ name: 'VAT', percent: 19 }));
  there = await Peer.start(scratch.url);
});
afterAll(async () => {
  await there.kill();
  await here.close();
  await scratch.drop();
});
beforeEach(async () => {
  await here.transaction((env) => write(env, 'VAT', 19));
  await here.clearCaches();
  await bothKnow(19);
});

const rate = (): Promise<number | null> => here.transaction((env) => rateOf(env, 'VAT'));
const rateThere = async (): Promise<unknown> => (await there.ask({ kind: 'rate', name: 'VAT' })).value;
const computedThere = async (): Promise<number> => (await there.ask({ kind: 'rate', name: 'none' })).computations;

/** Both have a rate, and have it without computing. */
async function bothKnow(percent: number): Promise<void> {
  expect([await rate(), await rateThere()]).toEqual([percent, percent]);
  await computedThere();
  const before = [computations.count, await computedThere()];
  expect([await rate(), await rateThere()]).toEqual([percent, percent]);
  expect([computations.count, await computedThere()]).toEqual(before);
}

test('a clear reaches the other process with the commit of its transaction: not before it, and with no message after it', async () => {
  await here.transaction(async (env) => {
    await write(env, 'VAT', 30);
    await env.flush();
    await rateOf.clear(env);
    const before = await computedThere();
    expect([await rateOf(env, 'VAT'), await rateThere()]).toEqual([30, 19]);
    expect(await computedThere()).toBe(before);
  });
  // Nothing is waited for: its next transaction sees the commit, and with it the clear.
  expect(await rateThere()).toBe(30);
  await bothKnow(30);
  await there.ask({ kind: 'write', name: 'VAT', percent: 31, hold: false });
  expect(await rate()).toBe(31);
});

test('a clear that is rolled back clears nothing, and neither does that of a process that is killed before its commit', async () => {
  await expect(here.transaction(async (env) => {
    await write(env, 'VAT', 40);
    await rateOf.clear(env);
    throw new Error('taken back');
  })).rejects.toThrow('taken back');
  await bothKnow(19);
  const dying = await Peer.start(scratch.url);
  expect((await dying.ask({ kind: 'write', name: 'VAT', percent: 41, hold: true })).value).toBe('holding');
  await dying.kill();
  const before = computations.count;
  expect([await rate(), computations.count]).toEqual([19, before]);
});

test('a process that slept while others cleared, wrote and trimmed the log wakes up to the truth', async () => {
  there.signal('SIGSTOP');
  for (const percent of [50, 51, 52]) {
    await here.transaction(async (env) => {
      await write(env, 'VAT', percent);
      await rateOf.clear(env);
    });
  }
  await here.storage.changeLog?.trim({ keep: 1 });
  there.signal('SIGCONT');
  expect(await rateThere()).toBe(52);
});

test('clears of groups, and of all, reach what depends on them in the other process', async () => {
  const label = async (): Promise<unknown> => (await there.ask({ kind: 'label', name: 'VAT' })).value;
  expect([await here.transaction((env) => labelOf(env, 'VAT')), await label()]).toEqual(['VAT 19 %', 'VAT 19 %']);
  await here.transaction((env) => write(env, 'VAT', 60));
  await here.clearCaches('labels');
  // The label was made again, from the rate that is still kept.
  expect(await label()).toBe('VAT 19 %');
  await here.clearCaches('rates');
  expect(await label()).toBe('VAT 60 %');
  await here.transaction((env) => write(env, 'VAT', 61));
  await there.ask({ kind: 'clear' });
  expect([await here.transaction((env) => labelOf(env, 'VAT')), await label()]).toEqual(['VAT 61 %', 'VAT 61 %']);
});
