import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, populate } from './support/open';

everywhere(geo.registry(), ({ open }) => {
  let tx: Transaction;
  let again: () => Promise<Transaction>;
  let log: string[];

  beforeEach(async () => {
    ({ tx, again } = await open());
    await populate(tx);
    await tx.commit();
    tx = await again();
    log = [];
  });

  /** A function that leaves its name in the log. */
  function hook(name: string): () => void {
    return () => void log.push(name);
  }

  test('functions run in the order they were added, those they add included, awaited one by one', async () => {
    tx.precommit.add(async () => {
      await Promise.resolve();
      log.push('first');
      tx.precommit.add(hook('added by first'));
    });
    tx.precommit.add(hook('second'));
    tx.postcommit.add(() => log.push(`after: ${tx.session.state}`));
    tx.prerollback.add(hook('never'));
    await tx.commit();
    expect(log).toEqual(['first', 'second', 'added by first', 'after: committed']);
  });

  test('what a function before the commit writes is committed with the rest, and may ask for another such function', async () => {
    tx.precommit.add(() => {
      one(tx, 'city', 1).set('name', 'Gent');
    });
    await tx.commit();
    const later = await again();
    expect(await later.run(() => one(later, 'city', 1).get('displayName'))).toBe('Gent, Belgium');
  });

  test('callers gather data, which is gone when the functions have run', async () => {
    const gather = (id: number): void => {
      if (!tx.precommit.data.has('ids')) tx.precommit.add(() => log.push(String(tx.precommit.data.get('ids'))));
      tx.precommit.data.set('ids', [...((tx.precommit.data.get('ids') ?? []) as number[]), id]);
    };
    gather(1);
    gather(2);
    await tx.commit();
    expect([log, tx.precommit.data.size]).toEqual([['1,2'], 0]);
  });

  test('a failing function before the commit is reported and nothing is committed; the later ones still wait', async () => {
    tx.precommit.add(() => { throw new Error('bad'); });
    tx.precommit.add(hook('later'));
    tx.postcommit.add(hook('never'));
    one(tx, 'city', 1).set('name', 'Gent');
    await expect(tx.commit()).rejects.toThrow('bad');
    expect([tx.precommit.size, tx.state]).toEqual([1, 'open']);
    tx.postrollback.add(hook('rolled back'));
    await tx.rollback();
    expect(log).toEqual(['rolled back']);
    const later = await again();
    expect(await later.run(() => one(later, 'city', 1).get('name'))).toBe('Ghent');
  });

  test('failing functions after the commit are reported together, and do not keep the later ones from running', async () => {
    tx.postcommit.add(() => { throw new Error('first'); });
    tx.postcommit.add(hook('second'));
    tx.postcommit.add(() => Promise.reject(new Error('third')));
    one(tx, 'city', 1).set('name', 'Gent');
    const failure: unknown = await tx.commit().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors.map(String)).toEqual(['Error: first', 'Error: third']);
    expect(log).toEqual(['second']);
    const later = await again();
    expect(await later.run(() => one(later, 'city', 1).get('name'))).toBe('Gent');
  });

  test('a commit that the database refuses is a rollback: its functions run, those after a commit do not', async () => {
    tx.postcommit.add(hook('committed'));
    tx.prerollback.add(hook('before'));
    tx.postrollback.add(hook('after'));
    one(tx, 'city', 1).set('name', 'Gent');
    // The session fails when the transaction is about to commit: another has been faster.
    const failing = jest.spyOn(tx.session, 'commit').mockRejectedValueOnce(new Error('refused'));
    await expect(tx.commit()).rejects.toThrow('refused');
    failing.mockRestore();
    expect(tx.state).toBe('failed');
    await tx.rollback();
    await tx.rollback();
    expect(log).toEqual(['before', 'after']);
  });

  test('a rollback to a savepoint restores queues and data', async () => {
    tx.precommit.add(hook('kept'));
    tx.precommit.data.set('a', 1);
    tx.precommit.data.set('b', 2);
    await expect(tx.savepoint(async () => {
      tx.precommit.add(hook('gone'));
      tx.precommit.data.delete('a');
      tx.precommit.data.set('b', 3);
      tx.precommit.data.set('c', 4);
      tx.postcommit.add(hook('gone too'));
      await tx.precommit.run();
      expect(log).toEqual(['kept', 'gone']);
      tx.precommit.add(hook('gone as well'));
      throw new Error('back');
    })).rejects.toThrow('back');
    expect([tx.precommit.size, tx.postcommit.size, [...tx.precommit.data]]).toEqual([1, 0, [['a', 1], ['b', 2]]]);
    log = [];
    await tx.commit();
    expect(log).toEqual(['kept']);
  });
});
