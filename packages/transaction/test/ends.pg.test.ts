import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, populate } from './support/open';

const HOOKS = ['precommit', 'postcommit', 'prerollback', 'postrollback'] as const;

/** What functions at the end of a transaction may do to the transaction that is ending. */
everywhere(geo.registry(), ({ open }) => {
  let tx: Transaction;
  let again: () => Promise<Transaction>;

  beforeEach(async () => {
    ({ tx, again } = await open());
    await populate(tx);
    await tx.commit();
    tx = await again();
    one(tx, 'city', 1).set('name', 'Gent');
  });

  const stored = async (): Promise<unknown> => {
    const later = await again();
    const name = await later.run(() => one(later, 'city', 1).get('name'));
    await later.rollback();
    return name;
  };
  const codeOf = (work: () => unknown): Promise<unknown> => Promise.resolve().then(work).then(() => 'nothing', (error: unknown) => (error as { code?: unknown }).code);

  test.each(['commit', 'rollback'] as const)('a function added behind a %s would never run, and is refused', async (end) => {
    await tx[end]();
    for (const hooks of HOOKS) {
      expect(() => { tx[hooks].add(() => undefined); }).toThrow(expect.objectContaining({ code: 'TX_STATE', message: expect.stringContaining(`${hooks}.add`) as unknown }) as Error);
      expect(tx[hooks].size).toBe(0);
    }
  });

  test('a function that runs behind the commit may add others that do, and none for what is over', async () => {
    const ran: unknown[] = [];
    tx.postcommit.add(async () => {
      for (const hooks of HOOKS) ran.push(await codeOf(() => { tx[hooks].add(() => ran.push(`late ${hooks}`)); }));
    });
    await tx.commit();
    expect(ran).toEqual(['TX_STATE', 'nothing', 'TX_STATE', 'TX_STATE', 'late postcommit']);
  });

  test('a function that runs with a rollback may add others that do, and none for a commit', async () => {
    const ran: unknown[] = [];
    for (const when of ['prerollback', 'postrollback'] as const) {
      tx[when].add(async () => {
        for (const hooks of HOOKS) ran.push(await codeOf(() => { tx[hooks].add(() => ran.push(`${when} added ${hooks}`)); }));
      });
    }
    await tx.rollback();
    expect(ran).toEqual([
      'TX_STATE', 'TX_STATE', 'nothing', 'nothing', 'prerollback added prerollback',
      'TX_STATE', 'TX_STATE', 'TX_STATE', 'nothing', 'prerollback added postrollback', 'postrollback added postrollback',
    ]);
  });

  test.each(['commit', 'rollback', 'flush', 'savepoint'] as const)('a function before the commit that calls %s', async (call) => {
    const told: unknown[] = [];
    tx.precommit.add(async () => { told.push(await codeOf(() => tx[call]())); });
    tx.postcommit.add(() => { told.push('committed'); });
    if (call === 'savepoint') {
      await expect(tx.commit()).rejects.toMatchObject({ code: 'TX_SAVEPOINT_OPEN' });
      expect([told, tx.state]).toEqual([['nothing'], 'open']);
      return;
    }
    await tx.commit();
    expect(told).toEqual([call === 'flush' ? 'nothing' : 'TX_OVERLAP', 'committed']);
    expect(await stored()).toBe('Gent');
  });

  test('a function before the commit that does not catch what its own commit says has nothing committed', async () => {
    tx.precommit.add(() => tx.commit());
    await expect(tx.commit()).rejects.toMatchObject({ code: 'TX_OVERLAP', message: expect.stringContaining('commit') as unknown });
    expect(tx.state).toBe('open');
    await tx.rollback();
    expect(await stored()).toBe('Ghent');
  });

  test.each(['commit', 'rollback'] as const)('a function that runs with a rollback cannot %s, and is reported', async (call) => {
    tx.prerollback.add(() => tx[call]());
    await expect(tx.rollback()).rejects.toMatchObject({ errors: [expect.objectContaining({ code: 'TX_OVERLAP' })] });
    expect(tx.state).toBe('closed');
    expect(await stored()).toBe('Ghent');
  });

  test('what is over cannot be committed by a function behind its end; rolled back it is', async () => {
    const told: unknown[] = [];
    for (const hooks of [tx.postrollback, tx.postcommit]) hooks.add(async () => { told.push(await codeOf(() => tx.commit()), await codeOf(() => tx.rollback())); });
    await tx.commit();
    expect(told).toEqual(['TX_STATE', 'nothing']);
    tx = await again();
    tx.postrollback.add(async () => { told.push(await codeOf(() => tx.commit()), await codeOf(() => tx.rollback())); });
    await tx.rollback();
    expect(told.slice(2)).toEqual(['TX_STATE', 'nothing']);
  });

  test('a second rollback beside the first waits for it, and runs nothing twice', async () => {
    const ran: string[] = [];
    tx.prerollback.add(async () => {
      await Promise.resolve();
      ran.push('before');
    });
    tx.postrollback.add(() => ran.push('after'));
    const second = tx.rollback().then(() => ran.push('first over'));
    await tx.rollback();
    expect([ran.filter((what) => what !== 'first over'), tx.state]).toEqual([['before', 'after'], 'closed']);
    await second;
  });

  test('functions that fail with a rollback are reported together, in the order in which they ran, and keep no other from running', async () => {
    const ran: string[] = [];
    const fails = (what: string) => (): never => { throw new Error(what); };
    tx.postrollback.add(fails('third'));
    tx.prerollback.add(fails('first'));
    tx.prerollback.add(() => ran.push('before'));
    tx.prerollback.add(() => Promise.reject(new Error('second')));
    tx.postrollback.add(() => ran.push('after'));
    tx.postrollback.add(fails('fourth'));
    const failure: unknown = await tx.rollback().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors.map(String)).toEqual(['Error: first', 'Error: second', 'Error: third', 'Error: fourth']);
    expect([ran, tx.state]).toEqual([['before', 'after'], 'closed']);
    expect(await stored()).toBe('Ghent');
  });
});
