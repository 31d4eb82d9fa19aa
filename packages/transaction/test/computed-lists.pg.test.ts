import { OrmoluError } from '@ormolu/kernel';
import { char, defineModels, integer, many2many, many2one, one2many, related } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  owner: { name: char(), items: one2many('item', 'owner'), labels: many2many('label') },
  item: {
    name: char(), owner: many2one('owner'),
    ownerLabels: related('owner.labels'),
    shown: related('owner.labels', { readonly: true }),
    siblings: related('owner.items'),
    pick: many2many('label'),
    pickNames: char(),
    pickCount: integer({ store: true }),
  },
  label: { name: char() },
  person: { name: char({ required: true }), tags: many2many('label') },
  staff: { person: many2one('person', { required: true, onDelete: 'cascade' }), wage: integer() },
})
  .delegate('staff', 'person')
  .compute('item', 'pick', ['owner.labels'], (item) => item.owner?.labels ?? [])
  .inverse('item', 'pick', (item) => { Object.assign(item.owner ?? {}, { labels: item.pick }); })
  .compute('item', 'pickNames', ['pick.name'], (item) => [...item.pick].map(({ name }) => name).sort().join())
  .compute('item', 'pickCount', ['pick'], (item) => item.pick.length);

/** Records of any model. */
interface Records {
  readonly ids: unknown;
  load(paths: readonly string[]): Promise<unknown>;
  read(names: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  write(values: Readonly<Record<string, unknown>>): Promise<void>;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}

/** The ids of a list that was read. */
function listIn(value: unknown): unknown {
  return (value as { ids: unknown }).ids;
}

everywhere(models.registry(), ({ begin }) => {
  let tx: Transaction;
  const of = (model: string, ids: unknown): Records => tx.env.model(model).browse(ids as never); // by the names of any field

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('label').create([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    await tx.env.model('owner').create({ name: 'o', labels: [1], items: [{ create: { name: 'x' } }, { create: { name: 'y' } }] });
    await tx.env.model('item').create({ name: 'z' });
    await tx.env.model('staff').create({ name: 's', tags: [1] });
    await settle();
  });

  async function settle(): Promise<void> {
    await tx.flush();
    tx.clear();
  }

  /** What the database holds of a list. */
  async function stored(model: string, field: string, id = 1): Promise<unknown> {
    await settle();
    const [row] = await of(model, id).read([field]);
    return [...(row?.[field] as number[])].sort();
  }

  async function codeOf(work: () => unknown): Promise<string | undefined> {
    try {
      await work();
    } catch (error) {
      if (OrmoluError.is(error)) return error.code;
      throw error;
    }
    return undefined;
  }

  const LISTS = [['item', 'ownerLabels', 'owner', 'labels'], ['item', 'pick', 'owner', 'labels'], ['staff', 'tags', 'person', 'tags']] as const;

  describe.each(LISTS)('%s.%s', (model, field, holder, source) => {
    const paths = [`${holder}.${source}`, field];

    describe.each([['cold', []], ['warm', paths]])('%s', (_how, loaded) => {
      beforeEach(async () => {
        if (loaded.length > 0) await of(model, 1).load(loaded);
      });

      test('written, it is kept at its source', async () => {
        await of(model, 1).write({ [field]: [2, 3] });
        expect((await of(model, 1).read([field]))[0]?.[field]).toEqual([2, 3]);
        expect(await stored(holder, source)).toEqual([2, 3]);
        expect(await stored(model, field)).toEqual([2, 3]);
      });

      test('assigned in a run, it is kept at its source', async () => {
        const seen: unknown = await tx.env.run(() => {
          of(model, 1).set(field, of('label', [2, 3]));
          return listIn(of(holder, 1).get(source));
        });
        expect(seen).toEqual([2, 3]);
        expect(await stored(holder, source)).toEqual([2, 3]);
      });

      test('commands are followed from what it holds', async () => {
        await of(model, 1).write({ [field]: [{ link: 2 }, { unlink: 1 }, { create: { name: 'd' } }] });
        expect(await stored(holder, source)).toEqual([2, 4]);
        await of(model, 1).write({ [field]: [{ clear: true }, { link: 3 }] });
        expect(await stored(holder, source)).toEqual([3]);
        await of(model, 1).write({ [field]: [] });
        expect(await stored(holder, source)).toEqual([]);
      });

      test('a savepoint takes it back', async () => {
        await tx.savepoint(async () => {
          await of(model, 1).write({ [field]: [2] });
          throw new Error('no');
        }).catch(() => undefined);
        expect(await stored(holder, source)).toEqual([1]);
      });
    });

    test('a draft is given it, and saved with it', async () => {
      const draft = tx.env.model(model).new({ name: 'new', ...(holder === 'owner' ? { owner: 1 } : {}), [field]: [2] });
      expect(listIn(draft.get(field))).toEqual([2]);
      const saved = await draft.save();
      expect(await stored(model, field, saved.id as number)).toEqual([2]);
      expect(await stored(holder, source, holder === 'owner' ? 1 : 2)).toEqual([2]);
    });

    test('a draft inside a run is given it', async () => {
      const ids: unknown = await tx.env.run(() => listIn(tx.env.model(model).new({ name: 'new', [field]: [2] }).get(field)));
      expect(ids).toEqual([2]);
    });

    test('an edited copy is given commands', async () => {
      await of(model, 1).load(paths);
      const draft = tx.env.model(model).new({}, { origin: 1 });
      await draft.write({ [field]: [{ link: 3 }] });
      await draft.save();
      expect(await stored(holder, source)).toEqual([1, 3]);
    });

    test('update and delete are for the source', async () => {
      for (const command of [{ update: [1, { name: 'q' }] }, { delete: 1 }]) expect(await codeOf(() => of(model, 1).write({ [field]: [command] }))).toBe('TX_COMMAND_INVALID');
      expect(await stored(holder, source)).toEqual([1]);
    });

    test('what was given gives way to a later change of the source', async () => {
      await of(model, 1).write({ [field]: [2] });
      await of(holder, 1).write({ [source]: [3] });
      expect((await of(model, 1).read([field]))[0]?.[field]).toEqual([3]);
    });
  });

  test('new records are given whole lists, and no changes of them', async () => {
    await tx.env.model('item').create({ name: 'n', owner: 1, ownerLabels: [2] });
    expect(await stored('owner', 'labels')).toEqual([2]);
    await tx.env.model('item').create({ name: 'n', owner: 1, pick: [{ clear: true }, { create: { name: 'd' } }] });
    expect(await stored('owner', 'labels')).toEqual([4]);
    expect(await codeOf(() => tx.env.model('item').create({ name: 'n', owner: 1, pick: [{ link: 1 }] }))).toBe('TX_COMMAND_INVALID');
    expect(await stored('owner', 'labels')).toEqual([4]);
  });

  test('who depends on it follows, by itself and by its members', async () => {
    await of('item', [1, 2]).load(['pickNames', 'pickCount', 'ownerLabels']);
    await of('item', 1).write({ pick: [2, 3] });
    expect(await of('item', [1, 2, 3]).read(['pickNames', 'pickCount', 'ownerLabels'])).toEqual([{ id: 1, pickNames: 'b,c', pickCount: 2, ownerLabels: [2, 3] }, { id: 2, pickNames: 'b,c', pickCount: 2, ownerLabels: [2, 3] }, { id: 3, pickNames: '', pickCount: 0, ownerLabels: [] }]);
    await of('label', 3).write({ name: 'q' });
    expect((await of('item', 1).read(['pickNames']))[0]?.['pickNames']).toBe('b,q');
    await settle();
    expect(await of('item', [1, 2]).read(['pickCount'])).toEqual([{ id: 1, pickCount: 2 }, { id: 2, pickCount: 2 }]);
  });

  test('several records are written in bulk, each from what it holds', async () => {
    await tx.env.model('staff').create([{ name: 't', tags: [2] }, { name: 'u' }]);
    await settle();
    await of('staff', [1, 2, 3]).write({ tags: [{ link: 3 }] });
    await settle();
    expect((await of('staff', [1, 2, 3]).read(['tags'])).map((row) => [...(row['tags'] as number[])].sort())).toEqual([[1, 3], [2, 3], [3]]);
  });

  test('a list that leads nowhere takes nothing but an empty one; read-only ones take nothing', async () => {
    expect(await codeOf(() => of('item', 3).write({ ownerLabels: [1] }))).toBe('TX_WRITE_REFUSED');
    await of('item', 3).write({ ownerLabels: [] });
    expect(await codeOf(() => of('item', 1).write({ shown: [2] }))).toBe('TX_WRITE_REFUSED');
    expect(await codeOf(() => of('item', 1).write({ shown: [{ link: 2 }] }))).toBe('TX_WRITE_REFUSED');
    expect(await codeOf(() => of('item', 1).write({ siblings: [] }))).toBe('TX_WRITE_REFUSED');
    expect(await codeOf(() => tx.env.model('item').new({ shown: [2] }))).toBe('TX_WRITE_REFUSED');
  });

  test('a draft in it is saved along', async () => {
    const draft = tx.env.model('item').new({ name: 'n', owner: 1, pick: [{ clear: true }, { create: { name: 'd' } }] });
    const saved = await draft.save();
    expect(await stored('owner', 'labels')).toEqual([4]);
    expect(await stored('item', 'pick', saved.id as number)).toEqual([4]);
  });
});
