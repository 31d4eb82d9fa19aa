import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, populate } from './support/open';

everywhere(geo.registry(), ({ open }) => {
  let tx: Transaction;
  let again: () => Promise<Transaction>;

  beforeEach(async () => {
    const opened = await open();
    ({ tx, again } = opened);
    await populate(tx);
  });

  /** Everything in memory that a rollback must restore, as plain values. */
  function memoryOf(): { values: Map<string, unknown>; queues: unknown } {
    const fields = [...tx.registry.models.values()].flatMap((model) => [...model.fields.values()]);
    return {
      values: new Map(fields.flatMap((field) => [...tx.cache.entries(field)].map(([, id, value]) => [`${field.model}(${String(id)}).${field.name}`, value]))),
      queues: {
        dirty: tx.towrite,
        tocompute: new Set([...tx.tocompute].map(([field, ids]) => `${field.model}.${field.name}: ${[...ids].join()}`)),
        pending: [...tx.triggers].length,
      },
    };
  }

  /** Values that were fetched inside and stayed must be those of the database. */
  async function expectAsStored(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      const [, model = '', id = '', field = ''] = /^(.+)\((\d+)\)\.(.+)$/.exec(name) ?? [];
      if (!tx.registry.field(model, field).isStored) continue;
      const stored = await tx.readStored(model, [Number(id)], [field]);
      expect([name, memoryOf().values.get(name)]).toEqual([name, stored.columns[0]?.[0]]);
    }
  }

  test('a rollback restores memory and database; what is pending before it is still pending', async () => {
    await tx.env.model('city').browse([1, 2, 3]).load(['name', 'population', 'country.name', 'displayName']);
    one(tx, 'city', 2).set('population', 5);
    const before = memoryOf();
    await expect(tx.savepoint(async () => {
      one(tx, 'city', 1).set('name', 'Gent');
      await tx.flush();
      await one(tx, 'city', 3).unlink();
      one(tx, 'city', 2).set('population', 6);
      throw new Error('back');
    }, { flush: false })).rejects.toThrow('back');
    const after = memoryOf();
    expect(after.queues).toEqual(before.queues);
    for (const [name, value] of before.values) expect([name, after.values.get(name)]).toEqual([name, value]);
    await expectAsStored([...after.values.keys()].filter((name) => !before.values.has(name)));
    expect(one(tx, 'city', 1).get('displayName')).toBe('Ghent, Belgium');
    await tx.commit();
    const later = await again();
    expect(await later.run(() => later.env.model('city').browse([1, 2, 3]).mapped('population'))).toEqual([260, 5, 520]);
  });

  test('the same assignment after a rollback is written', async () => {
    await one(tx, 'city', 1).load(['population']);
    await expect(tx.savepoint(async () => {
      one(tx, 'city', 1).set('population', 7);
      await tx.flush();
      throw new Error('back');
    })).rejects.toThrow('back');
    one(tx, 'city', 1).set('population', 7);
    await tx.commit();
    const later = await again();
    expect(await later.run(() => one(later, 'city', 1).get('population'))).toBe(7);
  });

  test('what was fetched inside before its first write stays warm, what was fetched after it leaves', async () => {
    await expect(tx.savepoint(async () => {
      await one(tx, 'country', 1).load(['name']);
      one(tx, 'city', 1).set('population', 1);
      await tx.flush();
      await one(tx, 'country', 2).load(['name']);
      throw new Error('back');
    })).rejects.toThrow('back');
    expect(one(tx, 'country', 1).get('name')).toBe('Belgium');
    expect(() => one(tx, 'country', 2).get('name')).toThrow(/not loaded/);
  });

  test('a list that was corrected by a write which is taken back leaves with it', async () => {
    await one(tx, 'city', 1).load(['country']);
    await expect(tx.savepoint(async () => {
      one(tx, 'city', 1).set('country', one(tx, 'country', 2));
      await one(tx, 'country', 2).load(['cities']);
      expect(one(tx, 'country', 2).get('cities')).toMatchObject({ ids: [3, 1] });
      throw new Error('back');
    })).rejects.toThrow('back');
    expect(await tx.run(() => one(tx, 'country', 2).get('cities'))).toMatchObject({ ids: [3] });
  });

  test('savepoints nest: the inner released, the outer rolled back', async () => {
    await one(tx, 'city', 1).load(['population']);
    await expect(tx.savepoint(async () => {
      await tx.savepoint(() => {
        one(tx, 'city', 1).set('population', 8);
      });
      expect(one(tx, 'city', 1).get('population')).toBe(8);
      throw new Error('back');
    })).rejects.toThrow('back');
    expect(one(tx, 'city', 1).get('population')).toBe(260);
  });

  test('one taken by hand rolls back at the end of its block unless it was released', async () => {
    await one(tx, 'city', 1).load(['population']);
    {
      await using savepoint = await tx.savepoint();
      one(tx, 'city', 1).set('population', 9);
      await savepoint.release();
    }
    {
      await using _savepoint = await tx.savepoint();
      one(tx, 'city', 1).set('population', 10);
    }
    expect(one(tx, 'city', 1).get('population')).toBe(9);
  });

  test('savepoints end once each, the innermost first', async () => {
    const outer = await tx.savepoint();
    const inner = await tx.savepoint();
    await expect(outer.release()).rejects.toMatchObject({ code: 'TX_SAVEPOINT_ORDER' });
    await inner.rollback();
    await expect(inner.rollback()).rejects.toMatchObject({ code: 'TX_SAVEPOINT_ORDER' });
    await expect(tx.commit()).rejects.toMatchObject({ code: 'TX_SAVEPOINT_OPEN' });
    await outer.release();
  });

  test('a statement that fails inside a savepoint leaves the transaction usable', async () => {
    await expect(tx.savepoint(() => one(tx, 'country', 1).unlink())).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
    expect(await tx.run(() => one(tx, 'country', 1).get('name'))).toBe('Belgium');
    await tx.commit();
  });

  test('a hook added inside is forgotten with the rollback', async () => {
    const ran: string[] = [];
    tx.postcommit.add(() => ran.push('before'));
    await expect(tx.savepoint(() => {
      tx.postcommit.add(() => ran.push('inside'));
      throw new Error('back');
    })).rejects.toThrow('back');
    await tx.commit();
    expect(ran).toEqual(['before']);
  });

  describe('while something that was asked in it is on its way', () => {
    /** Asks for something, of which the answer comes after whatever can go on at once. @returns the load, and when it has been asked */
    function askLate(): { readonly load: Promise<unknown>; readonly asked: Promise<void> } {
      const { session } = tx;
      const read = session.read.bind(session);
      let load: Promise<unknown> = Promise.resolve();
      const asked = new Promise<void>((resolve) => {
        session.read = async (question) => {
          resolve();
          await new Promise(setImmediate);
          return read(question);
        };
        load = one(tx, 'country', 2).load(['name']);
      });
      return { load, asked };
    }
    const change = async (): Promise<void> => {
      await one(tx, 'city', 1).write({ name: 'Gent' });
      await tx.flush();
    };
    const stored = async (): Promise<unknown> => (await tx.readStored('city', [1], ['name'])).columns[0]?.[0];

    test('work that fails while another flow asks one thing after the other is taken back, and its own error comes out', async () => {
      const ids = await tx.env.model('city').search({});
      tx.clear();
      const step = async (id: unknown): Promise<void> => {
        await tx.run(() => one(tx, 'city', Number(id)).get('name'));
      };
      const all = async (): Promise<void> => {
        for (const id of ids.ids) await step(id);
      };
      await expect(tx.savepoint(async () => {
        await Promise.all([all().catch(() => undefined), Promise.resolve().then(() => { throw new Error('boom'); })]);
      }, { flush: false })).rejects.toThrow('boom');
      expect([tx.undo.isOpen, tx.savepoints.length]).toEqual([false, 0]);
    });

    test('work that fails is taken back, and its own error comes out', async () => {
      await expect(tx.savepoint(async () => {
        await change();
        const { load, asked } = askLate();
        await Promise.all([load, asked.then(() => { throw new Error('boom'); })]);
      })).rejects.toThrow('boom');
      expect([await stored(), tx.undo.isOpen, tx.savepoints.length]).toEqual(['Ghent', false, 0]);
      await tx.commit();
    });

    test('work that ends is refused, and taken back', async () => {
      let load: Promise<unknown> | undefined;
      await expect(tx.savepoint(async () => {
        await change();
        const late = askLate();
        ({ load } = late);
        await late.asked;
      }, { flush: false })).rejects.toMatchObject({ code: 'TX_OVERLAP' });
      await load;
      expect([await stored(), tx.undo.isOpen, tx.savepoints.length]).toEqual(['Ghent', false, 0]);
      await tx.commit();
    });

    test.each(['rollback', 'release'] as const)('one taken by hand refuses its %s, and is still open; at the end of its block it waits', async (end) => {
      {
        await using savepoint = await tx.savepoint();
        await change();
        const { load, asked } = askLate();
        await asked;
        await expect(savepoint[end]()).rejects.toMatchObject({ code: 'TX_OVERLAP' });
        expect(tx.savepoints.length).toBe(1);
        void load;
      }
      expect([await stored(), tx.undo.isOpen, tx.savepoints.length]).toEqual(['Ghent', false, 0]);
    });
  });
});
