import * as fc from 'fast-check';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { outcome, scripts } from './support/hand-scripts';
import { registry, withPicksByHand } from './support/hand-written';
import { one, open as openInMemory, storedColumns } from './support/open';

// The order of questions and marks is what can go wrong, and needs many scripts; in a database a few show that it answers these as memory does.
everywhere(registry, ({ open, runs }) => {
  test.each([['follows from others', registry], ['may be written by hand, too', withPicksByHand]])('law: a script does the same to values written by hand, whether all is in memory or nothing; whom a line picks %s', async (_, models) => {
    await fc.assert(fc.asyncProperty(scripts, async (steps) => {
      const warm = await outcome((await openInMemory(models)).tx, steps, true);
      expect(await outcome((await open(models)).tx, steps, false)).toEqual(warm);
    }), { numRuns: runs(200, 5) });
  }, 300_000);

  describe('a value equal to the one that nobody had read', () => {
    let tx: Transaction;
    const line = (id = 1): RecordSet => one(tx, 'line', id);
    const stored = async (...names: string[]): Promise<unknown> => (await tx.readStored('line', [1], names)).columns.flat();

    beforeEach(async () => {
      ({ tx } = await open());
      await tx.env.model('order').create([{ rate: 1 }, { rate: 2 }]);
      await tx.env.model('line').create([{ qty: 1, order: 1 }, { qty: 2, order: 1 }]);
      await tx.flush();
      await line().write({ own: 90, rated: 91, signed: 92, told: 93 });
      await one(tx, 'order', 1).write({ sum: 94 });
      await tx.flush();
      tx.clear();
    });

    test('leaves what was written by hand, also behind relations, and is not written', async () => {
      line().set('qty', 1);
      line().set('order', one(tx, 'order', 1));
      one(tx, 'order', 1).set('rate', 1);
      await tx.flush();
      expect(await stored('own', 'rated', 'signed', 'told')).toEqual([90, 91, 92, 93]);
      expect((await tx.readStored('order', [1], ['sum'])).columns).toEqual([[94]]);
    });

    test('another value replaces it', async () => {
      line().set('qty', 3);
      await tx.flush();
      expect(await stored('own', 'rated', 'told')).toEqual([13, 3, 1]);
    });

    test('is settled by who reads: in a run, after load, and outside of both with an error that says so', async () => {
      line().set('qty', 1);
      expect(await tx.run(() => line().get('own'))).toBe(90);
      tx.clear();
      line().set('qty', 1);
      await line().load(['own']);
      expect(line().get('own')).toBe(90);
      expect(tx.towrite.size).toBe(0);
      tx.clear();
      await line().load(['own']);
      line().invalidate(['qty']);
      line().set('qty', 1);
      expect(() => line().get('own')).toThrow(/line\(1\)\.qty is not loaded/);
      tx.clear();
      expect(await tx.run(() => {
        line().set('qty', 1);
        return [line().get('own'), line().get('rated')];
      })).toEqual([90, 91]);
    });

    test('before a part of the pending values is written, the old ones are read', async () => {
      line().set('qty', 1);
      await tx.flush([[tx.registry.field('line', 'qty')]]);
      await tx.flush();
      expect(await stored('own')).toEqual([90]);
      tx.clear();
      line().set('qty', 3);
      await tx.flush([[tx.registry.field('line', 'qty')]]);
      await tx.flush();
      expect(await stored('own')).toEqual([13]);
    });
  });

  test('what waits behind a trigger that is pending is as uncertain as what waits in memory', async () => {
    // Found by the law: nothing leads back from a line to those below it.
    const { tx } = await open();
    await tx.env.model('order').create([{}, {}]); // whom lines pick
    await tx.env.model('line').create([{ qty: 1 }, { qty: 2, up: 1 }, { qty: 3, up: 2 }]);
    await tx.flush();
    await tx.env.model('line').browse([1, 2]).write({ depth: 90 });
    await tx.flush();
    await tx.env.model('line').browse([1, 2, 3]).load(['qty', 'up', 'depth']);
    one(tx, 'line', 3).set('depth', 0);
    one(tx, 'line', 2).set('qty', 0);
    await tx.flush();
    expect(await storedColumns(tx, 'line', [1, 2, 3], ['depth'])).toEqual([[90, 90, 0]]);
  });

  test('who reads a value that is marked, and was given one since, is marked with what comes after that', async () => {
    // Found by the law: line 2 was marked already when its qty was written, and line 3, which had been written by hand in between, heard nothing.
    const { tx } = await open();
    await tx.env.model('order').create([{}, {}]); // whom lines pick
    await tx.env.model('line').create([{ qty: 1 }, { qty: 2, up: 1 }, { qty: 3, up: 2 }, { qty: 3, up: 3 }]);
    await tx.flush();
    await tx.env.model('line').browse([1, 2]).write({ depth: 90 });
    await tx.flush();
    await tx.env.model('line').browse([1, 2, 3, 4]).load(['qty', 'up', 'depth']);
    one(tx, 'line', 1).set('qty', 0);
    await one(tx, 'line', 1).load(['qty']); // whom that concerns is marked now
    one(tx, 'line', 4).set('depth', 0);
    one(tx, 'line', 2).set('qty', 0);
    await tx.flush();
    expect(await storedColumns(tx, 'line', [1, 2, 3, 4], ['depth'])).toEqual([[0, 0, 1, 2]]);
  });

  test('a list is looked at when whom its members hold is computed: it may come out as it was', async () => {
    // Found by the law: nothing changed, and pickSum was computed before `picked`, of which it shows the other side; so was who flushed it alone.
    const { tx } = await open();
    await tx.env.model('order').create([{}, {}]);
    await tx.env.model('line').create([{ qty: 1, pick: 1 }, { qty: 2, pick: 2 }]);
    await tx.flush();
    await tx.env.model('order').browse([1, 2]).write({ pickSum: 90 });
    await tx.flush();
    for (const fields of [undefined, [[tx.registry.field('order', 'pickSum')] as const]]) {
      tx.clear();
      one(tx, 'line', 1).set('qty', 1);
      await tx.flush(fields);
      expect(await storedColumns(tx, 'order', [1, 2], ['pickSum'])).toEqual([[90, 90]]);
    }
  });

  test('what comes out different has changed with its cause: a value written by hand since stays, also when a later cause turns out to be as it was', async () => {
    // Found by the law: the tag that is light now made order 1 be computed anew, although it had been written by hand after that, because another was weighed again.
    for (const isWarm of [false, true]) {
      const { tx } = await open();
      await tx.env.model('order').create([{}, {}]);
      await tx.env.model('tag').create([{ weight: 1, orders: [1] }, { weight: 2, orders: [1, 2] }]);
      await tx.flush();
      tx.clear();
      if (isWarm) await tx.env.model('tag').browse([1, 2]).load(['weight', 'isHeavy', 'orders.tagged', 'orders.tags']);
      one(tx, 'tag', 2).set('weight', 0);
      one(tx, 'order', 1).set('tagged', 9);
      one(tx, 'tag', 1).set('weight', isWarm ? 0 : 1);
      await tx.flush();
      expect(await storedColumns(tx, 'order', [1, 2], ['tagged'])).toEqual([[9, 0]]);
    }
  });

  test.each([true, false])('a reference of a new record that is computed for the first time, and is none, has not changed: memory has its row, %s', async (isWarm) => {
    // Found by the law: memory knew nothing of the value before, and took none for another.
    const { tx } = await open();
    await tx.env.model('order').create([{}, {}]);
    await tx.flush();
    await tx.env.model('line').create([{ qty: 0, pick: 0 }]);
    if (isWarm) await one(tx, 'line', 1).load(['qty', 'picked', 'own']);
    one(tx, 'line', 1).set('pickedSign', 9);
    await tx.flush();
    expect(await storedColumns(tx, 'line', [1], ['picked', 'pickedSign'])).toEqual([[null], [9]]);
  });
});
