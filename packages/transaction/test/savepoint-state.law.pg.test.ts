import * as fc from 'fast-check';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { Player, scripts } from './support/hand-scripts';
import { registry, withPicksByHand } from './support/hand-written';
import { one, populate } from './support/open';
import { stateOf } from './support/state-of';

/** What a script does in memory and database; places are taken among what there is. */
const steps = fc.array(fc.record({
  op: fc.constantFrom('name', 'population', 'country', 'rename country', 'load', 'flush', 'hook', 'data', 'create', 'unlink', 'protected'),
  which: fc.nat({ max: 5 }),
  pick: fc.nat({ max: 5 }),
}), { maxLength: 10 });

type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;

async function perform(tx: Transaction, script: readonly Step[]): Promise<void> {
  for (const { op, which, pick } of script) {
    const all = (await tx.env.model('city').search({}, { order: ['id'] })).ids;
    const city = one(tx, 'city', Number(all[which % Math.max(1, all.length)] ?? 1));
    if (all.length === 0 && op !== 'create') continue;
    if (op === 'name') city.set('name', `name ${String(pick)}`);
    else if (op === 'population') city.set('population', pick);
    else if (op === 'country') city.set('country', tx.env.model('country').browse((pick % 2) + 1));
    else if (op === 'rename country') one(tx, 'country', (which % 2) + 1).set('name', `country ${String(pick)}`);
    else if (op === 'load') await city.load(['displayName', 'place', 'country.cities']);
    else if (op === 'flush') await tx.flush();
    else if (op === 'hook') tx.precommit.add(() => undefined);
    else if (op === 'data') tx.postcommit.data.set(`key ${String(which)}`, pick);
    else if (op === 'create') await tx.env.model('city').create({ name: `new ${String(pick)}`, country: (pick % 2) + 1 });
    else if (op === 'unlink') await city.unlink();
    else tx.protecting(['displayName'], city, () => { city.set('name', `shielded ${String(pick)}`); });
  }
}

// A rollback undoes the same in memory everywhere; what a database adds are its own savepoints and statements, which a few scripts meet.
everywhere(geo.registry(), ({ open, runs }) => {
  test('law: for all that is done before and inside, a rollback restores values, queues, pending triggers, protection and hooks', async () => {
    await fc.assert(fc.asyncProperty(steps, steps, async (before, inside) => {
      const { tx } = await open();
      await populate(tx);
      await perform(tx, before);
      const was = stateOf(tx);
      await expect(tx.savepoint(async () => {
        await perform(tx, inside);
        throw new Error('back');
      }, { flush: false })).rejects.toThrow('back');
      const is = stateOf(tx);
      expect(is.queues).toEqual(was.queues);
      for (const [name, value] of was.values) expect([name, is.values.get(name)]).toEqual([name, value]);
      // What was fetched inside is what the database has now.
      await tx.cache.check(tx.env);
      await tx.rollback();
    }), { numRuns: runs(100, 10) });
  });

  test.each([['follows from others', registry], ['may be written by hand, too', withPicksByHand]])('law: the same of values written by hand: since when they are marked, what was put unseen, whom nobody is to be told of; whom a line picks %s', async (_, models) => {
    await fc.assert(fc.asyncProperty(scripts, scripts, async (before, inside) => {
      const { tx } = await open(models);
      const player = await Player.begin(tx);
      await player.perform(before);
      const was = stateOf(tx);
      await expect(tx.savepoint(async () => {
        await player.perform(inside);
        throw new Error('back');
      }, { flush: false })).rejects.toThrow('back');
      const is = stateOf(tx);
      expect(is.queues).toEqual(was.queues);
      for (const [name, value] of was.values) expect([name, is.values.get(name)]).toEqual([name, value]);
      await tx.cache.check(tx.env);
      await tx.rollback();
    }), { numRuns: runs(100, 5) });
  });

  test('law: for every script, a second flush sends nothing and changes nothing', async () => {
    await fc.assert(fc.asyncProperty(steps, async (script) => {
      const { tx, counting } = await open();
      await populate(tx);
      await perform(tx, script);
      await tx.flush();
      const was = stateOf(tx);
      expect(await counting(() => tx.flush())).toBe(0);
      expect(stateOf(tx)).toEqual(was);
      await tx.rollback();
    }), { numRuns: runs(100, 10) });
  });
});
