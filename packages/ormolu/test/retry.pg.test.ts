import { ConflictError } from '@ormolu/kernel';
import { char, defineModels, integer } from '@ormolu/registry';
import { memory } from '@ormolu/storage/memory';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import type { Transaction } from '@ormolu/transaction';
import { openOrmolu, type Storage } from '../src/index';

const models = defineModels({ account: { name: char({ required: true }), amount: integer({ default: 0 }) } });
let database: ScratchDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const storages: readonly { name: string; open: () => Storage }[] = [
  { name: 'memory', open: () => memory() },
  { name: 'PostgreSQL', open: () => postgres(database.url) },
];

/** Something that opens once. */
function gate(): { readonly open: () => void; readonly isOpen: Promise<void> } {
  let open = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => { open = resolve; });
  return { open: () => { open(); }, isOpen };
}

describe.each(storages)('on $name', ({ open }) => {
  test('every increment of many concurrent units of work counts, each run again until it is first', async () => {
    const db = await openOrmolu({ models, storage: open() });
    try {
      await db.migrate();
      const account = await db.transaction((env) => env.model('account').create({ name: 'shared' }));
      let executions = 0;
      const increment = (): Promise<void> => db.transaction(async (env) => {
        executions += 1;
        const mine = env.model('account').browse(account.id);
        await mine.load(['amount']);
        mine.amount = (mine.amount ?? 0) + 1;
      }, { tries: 50 });
      await Promise.all(Array.from({ length: 6 }, increment));
      expect(await db.transaction((env) => env.run(() => env.model('account').browse(account.id).amount))).toBe(6);
      expect(executions).toBeGreaterThan(6);
    } finally {
      await db.close();
    }
  });

  test.each(['returns', 'goes on'])('work that catches the conflict and %s is run again all the same', async (how) => {
    const db = await openOrmolu({ models, storage: open() });
    try {
      await db.migrate();
      const account = await db.transaction((env) => env.model('account').create({ name: 'shared' }));
      let executions = 0;
      // Both begin before either writes.
      const begun = [gate(), gate()];
      await Promise.all(begun.map((own) => db.transaction(async (env) => {
        executions += 1;
        const mine = env.model('account').browse(account.id);
        await mine.load(['amount']);
        own.open();
        await Promise.all(begun.map(({ isOpen }) => isOpen));
        mine.amount = (mine.amount ?? 0) + 1;
        await env.flush().catch(() => undefined);
        if (how === 'goes on') await env.model('account').count();
      })));
      expect(executions).toBe(3);
      expect(await db.transaction((env) => env.run(() => env.model('account').browse(account.id).amount))).toBe(2);
    } finally {
      await db.close();
    }
  });
});

describe.each(storages)('each try on $name', ({ open }) => {
  test('is a transaction of its own, in which nothing of those before is left: memory, queues, hooks, environments, rows', async () => {
    const db = await openOrmolu({ models, storage: open() });
    try {
      await db.migrate();
      const { id } = await db.transaction((env) => env.model('account').create({ name: 'shared' }));
      const tries: { readonly transaction: Transaction; readonly seen: unknown }[] = [];
      const log: string[] = [];
      await db.transaction(async (env) => {
        // The engine's own face, which the types of the environment do not show.
        const tx = (env as unknown as { readonly transaction: Transaction }).transaction;
        const mine = env.model('account').browse(id);
        const before = [tx.towrite.size, tx.postcommit.size, tx.postcommit.data.size, tx.envs.size];
        await mine.load(['amount', 'name']);
        tries.push({ transaction: tx, seen: [before, mine.amount, mine.name, await env.model('account').count({ name: 'made' })] });
        await env.model('account').create({ name: 'made' });
        mine.amount = (mine.amount ?? 0) + 1;
        tx.postcommit.data.set('try', tries.length);
        tx.postcommit.add(() => log.push(`committed ${String(tries.length)}`));
        if (tries.length === 2) await env.flush();
        if (tries.length < 4) throw new ConflictError('TEST_CONFLICT', 'another was faster');
      });
      expect(new Set(tries.map(({ transaction }) => transaction)).size).toBe(4);
      expect(new Set(tries.map(({ seen }) => JSON.stringify(seen))).size).toBe(1);
      expect(tries[0]?.seen).toEqual([[0, 0, 0, expect.any(Number)], 0, 'shared', 0]);
      expect(tries.map(({ transaction }) => transaction.state)).toEqual(['closed', 'closed', 'closed', 'closed']);
      expect(log).toEqual(['committed 4']);
      expect(await db.transaction((env) => env.model('account').count({ name: 'made' }))).toBe(1);
    } finally {
      await db.close();
    }
  });
});

describe('what is tried again', () => {
  const conflict = (): never => {
    throw new ConflictError('TEST_CONFLICT', 'another was faster');
  };

  test.each([[5, undefined], [1, 1], [3, 3]])('a conflict that stays comes out after %s tries', async (expected, tries) => {
    const db = await openOrmolu({ models, storage: memory() });
    let executions = 0;
    await expect(db.transaction(() => {
      executions += 1;
      conflict();
    }, { tries })).rejects.toBeInstanceOf(ConflictError);
    expect(executions).toBe(expected);
    await db.close();
  });

  test('any other error comes out at once, as it is', async () => {
    const db = await openOrmolu({ models, storage: memory() });
    const error = new Error('mine');
    let executions = 0;
    await expect(db.transaction(() => {
      executions += 1;
      throw error;
    })).rejects.toBe(error);
    expect(executions).toBe(1);
    await db.close();
  });

  test('an aborted signal lets no further try begin', async () => {
    const db = await openOrmolu({ models, storage: memory() });
    const controller = new AbortController();
    let executions = 0;
    await expect(db.transaction(() => {
      executions += 1;
      controller.abort();
      conflict();
    }, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError', cause: { code: 'TEST_CONFLICT' } });
    expect(executions).toBe(1);
    await expect(db.transaction(() => 1, { signal: controller.signal })).rejects.toThrow(/abort/i);
    await db.close();
  });

  test.each<[what: string, reason: unknown, cause: unknown]>([
    ['an error gets the conflict as its cause', new Error('enough'), expect.any(ConflictError)],
    ['an error keeps the cause it has', new Error('enough', { cause: 'mine' }), 'mine'],
    ['an error that is frozen stays as it is', Object.freeze(new Error('enough')), undefined],
    ['what is no error comes out as it is', 'enough', undefined],
  ])('a signal aborted while the next try is waited for ends that: %s', async (_, reason, cause) => {
    const db = await openOrmolu({ models, storage: memory() });
    const controller = new AbortController();
    // The waits grow, so that the eighth is hardly over when the signal comes.
    let executions = 0;
    const failed = await db.transaction(() => {
      executions += 1;
      if (executions === 8) setImmediate(() => { controller.abort(reason); });
      conflict();
    }, { signal: controller.signal, tries: 1_000 }).catch((error: unknown) => error);
    expect(failed).toBe(reason);
    expect((failed as Error).cause).toEqual(cause);
    const then = executions;
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    expect(executions).toBe(then);
    await db.close();
  });

  describe('a function that was to run with the rollback and fails', () => {
    const failing = (env: unknown): void => {
      // Hooks are reached by the transaction, which the types of the environment do not show.
      (env as { transaction: { postrollback: { add(hook: () => void): void } } }).transaction.postrollback.add(() => {
        throw new Error('the hook');
      });
    };

    test('lets the work be run again, and is told', async () => {
      const db = await openOrmolu({ models, storage: memory() });
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
      let executions = 0;
      expect(await db.transaction((env) => {
        executions += 1;
        failing(env);
        return executions < 3 ? conflict() : executions;
      })).toBe(3);
      expect(warn.mock.calls).toEqual(Array(2).fill([expect.stringContaining('the hook'), expect.objectContaining({ code: 'DB_ROLLBACK_FAILED' })]));
      warn.mockRestore();
      await db.close();
    });

    test('comes out with the conflict when no try succeeded, and with any other error at once', async () => {
      const db = await openOrmolu({ models, storage: memory() });
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
      const hook = { errors: [{ message: 'the hook' }] };
      await expect(db.transaction((env) => {
        failing(env);
        conflict();
      }, { tries: 2 })).rejects.toMatchObject({ cause: { code: 'TEST_CONFLICT' }, errors: [{ code: 'TEST_CONFLICT' }, hook] });
      expect(warn).toHaveBeenCalledTimes(1);
      await expect(db.transaction((env) => {
        failing(env);
        throw new Error('mine');
      })).rejects.toMatchObject({ cause: { message: 'mine' }, errors: [{ message: 'mine' }, hook] });
      expect(warn).toHaveBeenCalledTimes(1);
      warn.mockRestore();
      await db.close();
    });
  });
});
