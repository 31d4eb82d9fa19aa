import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels, type RunEvent } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import type { Opened } from './support/open';

const registry = defineModels({
  order: { name: char(), lines: one2many('line', 'order'), sum: integer({ store: true, readonly: false }) },
  line: { qty: integer(), order: many2one('order'), note: char(), isMany: integer({ store: true }), shown: char({ store: true, readonly: false }) },
})
  .compute('order', 'sum', ['lines.isMany'], (order) => [...order.lines].reduce((sum, { isMany }) => sum + (isMany ?? 0), 0))
  .compute('line', 'isMany', ['qty'], (line) => ((line.qty ?? 0) > 1 ? 1 : 0))
  .compute('line', 'shown', ['qty', 'order.name'], (line) => `${line.order?.name ?? ''} ${String(line.qty)}`)
  .registry();

/** What was done, and in how many statements, must not depend on how many records there are. */
everywhere(registry, ({ open }) => {
  /** Orders with a line each, and one with as many: all are in the database and not in memory. */
  async function world(count: number): Promise<Opened & { readonly ids: readonly number[] }> {
    const opened = await open();
    const { tx } = opened;
    const ids = Array.from({ length: count }, (_, place) => place + 1);
    await tx.env.model('order').create([...ids, 0].map((id) => ({ name: `order ${String(id)}` })));
    await tx.env.model('line').create([...ids.map((order) => ({ qty: 1, order, note: 'own' })), ...ids.map(() => ({ qty: 2, order: count + 1, note: 'all' }))]);
    await tx.flush();
    await tx.env.model('order').browse(ids).write({ sum: 93 });
    await tx.env.model('line').browse(ids).write({ shown: 'hand' });
    await tx.flush();
    tx.clear();
    return { ...opened, ids };
  }

  /** The statements that some work takes where there are few records, and where there are many. */
  async function atFewAndMany(work: (opened: Opened & { readonly ids: readonly number[] }) => Promise<number>): Promise<readonly number[]> {
    return [await work(await world(3)), await work(await world(30))];
  }

  test('a function reads values that keep what was written by hand, and whose lists are not in memory, in the same statements', async () => {
    const [few, many] = await atFewAndMany(async ({ tx, counting, ids }) => {
      const orders = tx.env.model('order').browse(ids);
      const lines = tx.env.model('line').browse(ids);
      await lines.load(['qty', 'order', 'isMany']);
      await orders.load(['sum']);
      for (const line of lines) line.set('qty', 0);
      return counting(async () => {
        expect(await tx.run(() => orders.mapped('sum'))).toEqual(ids.map(() => 93));
      });
    });
    expect([few, many]).toEqual([1, 1]);
  });

  const stands = (tx: Transaction, count: number, name: string): unknown[] => [...(tx.env.model('order').new({}, { origin: count + 1 }).get('lines') as RecordSet)].map((line) => line.get(name));
  test.each([['note', 'all'], ['shown', undefined]])('a function reads %s of the stand-ins for the members of a list in the same statements', async (name, expected) => {
    const [few, many] = await atFewAndMany(async ({ tx, counting, ids }) => counting(async () => {
      expect(await tx.run(() => stands(tx, ids.length, name))).toEqual(ids.map(() => expected ?? `order 0 2`));
    }));
    expect(few).toBeLessThanOrEqual(3);
    expect(many).toBe(few);
  });

  test('members of a draft, a stand-in and a draft with an origin and one without, are read in the same statements', async () => {
    const [few, many] = await atFewAndMany(async ({ tx, counting, ids }) => {
      const drafts = ids.map((origin) => tx.env.model('line').new({}, { origin }));
      const set = drafts.reduce((all, draft) => all.union(draft), tx.env.model('line').new({ note: 'new', shown: 'new' })).union(tx.env.model('line').browse(ids));
      return counting(async () => {
        expect(await tx.run(() => [...set].map((line) => [line.get('note'), line.get('shown')]))).toEqual([['new', 'new'], ...ids.map(() => ['own', 'hand']), ...ids.map(() => ['own', 'hand'])]);
      });
    });
    expect(few).toBeLessThanOrEqual(2);
    expect(many).toBe(few);
  });

  test('a round is told once, however many values it brings: who reads ten thousand is not taken for one who never ends', async () => {
    const rounds: unknown[] = [];
    const listen = (message: unknown): void => { rounds.push((message as RunEvent).rounds); };
    subscribe(channels.run.name, listen);
    try {
      for (const count of [3, 30]) {
        const { tx, ids } = await world(count);
        const lines = tx.env.model('line').browse(ids);
        await lines.load(['qty', 'order', 'isMany']);
        await tx.env.model('order').browse(ids).load(['sum']);
        for (const line of lines) line.set('qty', 0);
        await tx.run(() => tx.env.model('order').browse(ids).mapped('sum'));
      }
      expect(rounds).toEqual([3, 30].map((records) => [{ model: 'order', field: 'lines', records }]));
    } finally {
      unsubscribe(channels.run.name, listen);
    }
  });
});
