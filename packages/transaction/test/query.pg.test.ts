import type { Environment, Query, RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { ranking } from './support/ranking';

everywhere(ranking.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let env: Environment;

  beforeEach(async () => {
    tx = await begin();
    env = tx.env;
    await env.model('team').create([{ name: 'red' }, { name: 'blue' }]);
    await env.model('runner').create([{ name: 'a', seconds: 30, team: 1 }, { name: 'b', seconds: 10, team: 2 }, { name: 'c', seconds: 20, team: 1 }]);
    await tx.flush();
    tx.clear();
  });

  const runners = (filter: object = {}): Query => env.model('runner').where(filter);
  const runner = (id: number): RecordSet => env.model('runner').browse(id);
  const names = (records: Iterable<RecordSet>): string => [...records].map((record) => String(record.get('name'))).join('');

  test('awaited, it is one statement, and values come along', async () => {
    expect(await counting(tx, async () => { expect(names(await runners({ seconds: { lt: 25 } }).all())).toBe('bc'); })).toBe(1);
    expect((await runners().orderBy('-team.name', 'name').all()).ids).toEqual([1, 3, 2]);
    expect((await runners().orderBy('-seconds').limit(1).offset(1).all()).ids).toEqual([3]);
    expect((await runners().first())?.get('name')).toBe('b');
    expect(await runners({ name: 'z' }).first()).toBeUndefined();
    expect(await runners().limit(2).ids()).toEqual([2, 3]);
    expect(await runners({ team: 1 }).limit(1).count()).toBe(2);
  });

  test('each step of building gives a new one', async () => {
    const all = runners();
    all.limit(1).orderBy('-name');
    expect((await all.all()).ids).toEqual([2, 3, 1]);
  });

  test('inside run it is iterated and measured like a list, a round a query', async () => {
    expect(await counting(tx, async () => {
      const found = await env.run(() => {
        const fast = runners({ seconds: { lt: 25 } });
        return [fast.length, names(fast), names(runners({ team: 1 }))];
      });
      expect(found).toEqual([2, 'bc', 'ca']);
    })).toBe(3);
  });

  test('paths are brought into memory with it', async () => {
    expect(await counting(tx, async () => {
      expect(await env.run(() => [...runners({ seconds: { lt: 25 } }).prefetch('team.name')].map((one) => (one.get('team') as RecordSet).get('name')))).toEqual(['blue', 'red']);
    })).toBe(2);
    const [first] = await runners().prefetch('team.name').all();
    expect((first?.get('team') as RecordSet).get('name')).toBe('blue');
  });

  test('what was pending before is written first, as far as it matters', async () => {
    await runner(2).load(['seconds', 'name', 'double']);
    runner(2).set('seconds', 99);
    expect(await counting(tx, () => env.run(() => names(runners({ name: 'b' }).orderBy('name'))))).toBe(1);
    expect(tx.towrite.size).toBe(1);
    expect(await env.run(() => names(runners({ seconds: { gt: 25 } })))).toBe('ab');
    runner(2).set('seconds', 15);
    expect(await env.run(() => names(runners({ double: 30 })))).toBe('b');
  });

  test('what this very run wrote is not waited for: the error says to end it', async () => {
    await expect(env.run(() => {
      runner(2).set('seconds', 5);
      return names(runners({ seconds: 5 }));
    })).rejects.toMatchObject({ code: 'RUN_QUERY_AFTER_WRITE', message: expect.stringContaining('runner.seconds') as string });
    await expect(env.run(() => {
      runner(2).set('seconds', 6);
      return runners({ double: 12 }).orderBy('id').length;
    })).rejects.toMatchObject({ code: 'RUN_QUERY_AFTER_WRITE', message: expect.stringContaining('which decides runner.double') as string });
    // Asking first, and writing what nobody asks about, is well.
    const counts = await env.run(() => {
      const before = runners({ seconds: 5 }).length;
      runner(2).set('name', 'z');
      const between = runners({ team: 2 }).orderBy('id').length;
      runner(2).set('seconds', 5);
      return [before, between];
    });
    expect(counts).toEqual([0, 1]);
    expect(await runners({ seconds: 5, name: 'z' }).count()).toBe(1);
  });

  test('outside of run it says what to do', () => {
    expect(() => names(runners())).toThrow(/Await query\.all\(\)/);
    expect(() => runners().length).toThrow(/inside env\.run/);
    expect(() => names(runners({ secnds: 1 }))).toThrow(/Did you mean 'seconds'|seconds/);
  });

  test('awaiting it inside run is refused', async () => {
    for (const ask of [() => runners().all(), () => runners().first(), () => runners().ids(), () => runners().count()]) {
      await expect(env.run(() => { void ask(); })).rejects.toMatchObject({ code: 'RUN_ASYNC_CALL' });
    }
  });

  test('what goes wrong is thrown where it is iterated, and can be caught there', async () => {
    const caught = await env.run(() => {
      try {
        return names(runners().orderBy('-place'));
      } catch (error) {
        return (error as { code?: string }).code;
      }
    });
    expect(caught).toBe('FILTER_INVALID');
    await expect(env.run(() => names(runners().limit(-1)))).rejects.toMatchObject({ code: 'QUERY_BOUND' });
    expect(await env.run(() => runners().length)).toBe(3);
  });

  test('computes may ask, stored ones in the middle of a flush', async () => {
    const all = env.model('runner').browse([1, 2, 3]);
    await all.load(['place']);
    expect([...all].map((one) => one.get('place'))).toEqual([3, 1, 2]);
    await env.model('runner').create({ name: 'd', seconds: 10 });
    await tx.flush();
    expect((await tx.readStored('runner', [4], ['rivals'])).columns).toEqual([['b']]);
    expect(await env.run(() => runner(4).get('place'))).toBe(1);
    runner(4).set('seconds', 20);
    expect((await runners({ rivals: 'c' }).all()).ids).toEqual([4]);
  });

  test('computes that write and ask of each other in one flush have the right answer', async () => {
    await env.model('runner').browse([1, 2]).write({ seconds: 7 });
    await tx.flush();
    expect((await tx.readStored('runner', [1, 2], ['double', 'rivals'])).columns).toEqual([[14, 14], ['b', 'a']]);
  });

  test('a compute whose query waits for itself is a cycle, and named', async () => {
    await env.model('runner').create({ name: 'self' });
    await expect(tx.flush()).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED', message: expect.stringMatching(/runner\.own.*a query of runner/s) as string });
    await env.model('runner').browse(4).unlink();
    await env.model('runner').create({ name: 'pair' });
    await expect(tx.flush()).rejects.toMatchObject({ message: expect.stringMatching(/(ping|pong).*a query of runner/s) as string });
    await env.model('runner').browse(5).unlink();
    await tx.flush();
  });

  test('runs that ask may overlap', async () => {
    runner(1).set('seconds', 1);
    runner(2).set('name', 'q');
    expect(await Promise.all([env.run(() => names(runners({ seconds: 1 }))), env.run(() => names(runners({ name: 'q' }))), runners({ double: 2 }).count()])).toEqual(['a', 'q', 1]);
  });
});
