import { char, defineModels, many2many, many2one, one2many, related } from '@ormolu/registry';
import type { RecordSet, Transaction, Values } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

let inversions = 0;

const models = defineModels({
  project: { name: char(), labels: one2many('label', 'project'), picks: many2many('label') },
  label: { project: many2one('project') },
  order: { name: char(), partner: many2one('partner'), partnerTags: related('partner.tags'), lines: one2many('line', 'order'), shown: many2many('tag', { readonly: false }), counted: many2many('tag') },
  line: { code: char({ unique: true }), order: many2one('order', { onDelete: 'cascade' }) },
  partner: { tags: many2many('tag') },
  tag: { orders: many2many('order') },
})
  .compute('project', 'picks', ['name'], (project) => [...project.env.model('label').where({ project: project.id })].map(({ id }) => id))
  .inverse('project', 'picks', (project) => {
    for (const label of project.picks) label.project = project;
  })
  .compute('order', 'shown', ['name', 'partner.tags'], (order) => order.partner?.tags ?? [])
  .compute('order', 'counted', ['partner.tags'], (order) => order.partner?.tags ?? [])
  .inverse('order', 'counted', (order) => {
    inversions += 1;
    (order.partner as unknown as RecordSet).set('tags', order.counted); // the typed record has no set()
  });

const idsOf = (record: RecordSet, field: string): readonly unknown[] => [...(record.get(field) as RecordSet).ids].sort(); // what a list field gives

everywhere(models.registry(), ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('tag').create([{}, {}, {}, {}]);
    await tx.env.model('partner').create([{ tags: [1] }, { tags: [1] }, { tags: [1] }, { tags: [1] }]);
    await tx.env.model('order').create([{ partner: 1 }, { partner: 1 }, { partner: 2 }, { partner: 3 }, { partner: 4 }]);
    await tx.env.model('line').create({ code: 'A', order: 1 });
    await tx.env.model('project').create([{}, {}]);
    await tx.env.model('label').create([{ project: 1 }, {}, {}]);
    await tx.flush();
    tx.clear();
  });

  const tagsOf = async (partner: number): Promise<readonly unknown[]> => {
    await tx.flush();
    tx.clear();
    await one(tx, 'partner', partner).load(['tags']);
    return idsOf(one(tx, 'partner', partner), 'tags');
  };

  test.each([false, true])('a list that a query finds is changed for several records (in memory: %s)', async (isWarm) => {
    if (isWarm) await tx.env.model('project').browse([1, 2]).load(['picks']);
    await tx.env.model('project').browse([1, 2]).write({ picks: [{ link: 3 }] });
    await tx.flush();
    expect(await tx.env.model('label').browse([1, 2, 3]).read(['project'])).toMatchObject([{ project: 1 }, { project: null }, { project: 2 }]);
  });

  /** The statements of each write, of which nothing stays. */
  async function sentBy(record: RecordSet, fields: readonly string[], writes: readonly Values[], check: () => unknown): Promise<readonly number[]> {
    const sent: number[] = [];
    for (const values of writes) {
      const work = tx.savepoint(async () => {
        tx.clear();
        await record.load([...fields]);
        sent.push(await counting(tx, () => record.write(values)));
        await check();
        throw new Error('undone');
      });
      await expect(work).rejects.toMatchObject({ message: 'undone' });
    }
    return sent;
  }

  test('and beside a value that the list is computed from, with no question more', async () => {
    const check = async (): Promise<void> => {
      await tx.flush();
      expect((await tx.env.model('label').search({ project: 1 })).ids).toEqual([1, 2, 3]);
    };
    const [whole, commands] = await sentBy(one(tx, 'project', 1), ['name', 'labels', 'picks'], [[1, 3], [{ link: 3 }]].map((picks) => ({ name: 'x', labels: [{ link: 2 }], picks })), check);
    expect(commands).toBe(whole);
  });

  test('commands for a list without an inverse take no savepoint, and what is deleted makes room for what is created', async () => {
    for (const [code, deletions] of [['B', []], ['A', [{ delete: 1 }]]] as const) {
      const check = (): void => { expect(idsOf(one(tx, 'order', 1), 'shown')).toEqual([1, 2]); };
      const [whole, commands] = await sentBy(one(tx, 'order', 1), ['shown', 'lines'], [[1, 2], [{ link: 2 }]].map((shown) => ({ name: 'x', shown, lines: [...deletions, { create: { code } }] })), check);
      expect([code, commands]).toEqual([code, whole]);
    }
  });

  test('one list without an inverse takes several commands, some of which create', async () => {
    await one(tx, 'tag', 4).write({ orders: [{ update: [1, { shown: [{ link: 2 }], name: 'x' }] }, { update: [1, { shown: [{ create: {} }, { unlink: 1 }] }] }] });
    expect(idsOf(one(tx, 'order', 1), 'shown')).toEqual([2, 5]);
  });

  test('of a whole list and commands for it the order counts', async () => {
    await one(tx, 'tag', 4).write({ orders: [{ update: [1, { partnerTags: [{ link: 3 }] }] }, { update: [1, { partnerTags: [1, 2] }] }] });
    expect(await tagsOf(1)).toEqual([1, 2]);
    await one(tx, 'tag', 4).write({ orders: [{ update: [2, { partnerTags: [4] }] }, { update: [1, { partnerTags: [{ link: 2 }] }] }] });
    expect(await tagsOf(1)).toEqual([2, 4]);
    await one(tx, 'tag', 4).write({ orders: [{ update: [1, { shown: [{ link: 3 }] }] }, { update: [1, { shown: [2] }] }] });
    expect(idsOf(one(tx, 'order', 1), 'shown')).toEqual([2]);
  });

  test('each inverse runs once', async () => {
    inversions = 0;
    await tx.env.model('order').browse([1, 3, 4, 5]).write({ counted: [{ link: 2 }] });
    expect(inversions).toBe(4);
    for (const partner of [1, 2, 3, 4]) expect(await tagsOf(partner)).toEqual([1, 2]);
  });

  test('commands are followed where the record leads, whatever is in memory', async () => {
    for (const isWarm of [false, true]) {
      await one(tx, 'partner', 2).write({ tags: [{ set: [4] }] });
      await tx.flush();
      tx.clear();
      if (isWarm) await tx.env.model('partner').browse([1, 2]).load(['tags']);
      await one(tx, 'order', 1).write({ partnerTags: [{ link: 2 }], partner: 2 });
      expect([isWarm, await tagsOf(2)]).toEqual([isWarm, [2, 4]]);
      await one(tx, 'order', 1).write({ partner: 1 });
    }
  });
});
