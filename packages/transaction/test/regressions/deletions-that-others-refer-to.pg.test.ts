import { char, defineModels, integer, many2one, one2many, reference } from '@ormolu/registry';
import type { Environment, RecordSet, Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { storedColumns } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({
  company: { name: char() },
  shop: { orders: one2many('order', 'shop'), mode: integer(), lead: many2one('order', { store: true }), label: char({ store: true }) },
  order: { name: char(), shop: many2one('shop'), lines: one2many('line', 'order') },
  line: { order: many2one('order', { onDelete: 'cascade' }), text: char() },
  memo: { order: many2one('order', { onDelete: 'set null' }), about: reference(['order', 'line']), local: many2one('order', { companyDependent: true }), text: char() },
})
  .options('memo', { versioned: true })
  .compute('shop', 'lead', ['mode', 'orders.name'], ({ mode, orders }) => (mode ? [...orders].sort((a, b) => a.id - b.id)[0] ?? null : null))
  .compute('shop', 'label', ['lead.name'], ({ lead }) => lead?.name ?? null);

/** Beside others a call may be refused, before it has done anything. */
async function unlessRefused(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(TX_OVERLAP|TX_RECORD_MISSING)$/) as unknown });
  });
}

const env = (tx: Transaction): Environment => tx.env.withContext({ allowedCompanyIds: [1] });
const one = (tx: Transaction, model: string, id: number): RecordSet => env(tx).model(model).browse(id);
const idOf = (value: unknown): unknown => (value as RecordSet | null)?.id ?? null; // what a many2one gives

everywhere(models.registry(), ({ begin, everyTurn }) => {
  /** Orders 1 and 2 of a shop, line 1 of order 1, memo 1 of nobody and memo 2 of order 1. */
  async function fill(tx: Transaction): Promise<void> {
    await env(tx).model('company').create({ name: 'one' });
    await env(tx).model('shop').create({ orders: [{ create: { name: 'a', lines: [{ create: {} }] } }, { create: { name: 'b' } }], mode: 0 });
    await env(tx).model('memo').create([{}, { order: 1, about: 'order,1', local: 1 }]);
    await tx.flush();
    await one(tx, 'shop', 1).load(['mode', 'label', 'orders.lines.order']);
    await env(tx).model('memo').browse([1, 2]).load(['order', 'about', 'local']);
  }

  const opened = async (): Promise<Transaction> => {
    const tx = await begin({ companies: 'company' });
    await fill(tx);
    return tx;
  };

  describe.each(everyTurn(70))('%i turns later', (turns) => {
    test.each(['order', 'about', 'local'])('memory and the database say the same of who comes to refer to what goes, and of who leaves it (%s)', async (name) => {
      const tx = await opened();
      const assign = (id: number, order: number): void => { one(tx, 'memo', id).set(name, one(tx, 'order', order)); };
      const assigning = unlessRefused(later(turns, async () => {
        assign(2, 2);
        assign(1, 1);
        await env(tx).model('memo').search({ [name]: name === 'about' ? 'order,1' : 1 });
      }));
      await one(tx, 'order', 1).unlink();
      await assigning;
      const known = env(tx).model('memo').browse([1, 2]);
      const held = [...known].map((memo) => idOf(memo.get(name)));
      await tx.flush();
      tx.clear();
      await known.load([name]);
      expect([...known].map((memo) => idOf(memo.get(name)))).toEqual(held);
      expect(held).not.toContain(1);
    });

    test('who has moved away, and is written by a search, is there', async () => {
      const tx = await opened();
      const moving = unlessRefused(later(turns, async () => {
        one(tx, 'line', 1).set('order', one(tx, 'order', 2));
        await env(tx).model('line').search({ order: 2 });
      }));
      await one(tx, 'order', 1).unlink();
      await moving;
      await tx.flush();
      const { length } = await env(tx).model('line').search({});
      one(tx, 'order', 2).set('name', 'c');
      if (length > 0) one(tx, 'line', 1).set('text', 'there');
      else expect(() => { one(tx, 'line', 1).set('text', 'there'); }).toThrow();
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order', 'text'])).toEqual(length > 0 ? [[2], ['there']] : [[], []]);
    });

    test.each([true, false])('who is computed to refer to what goes is computed again (a search asks: %s)', async (searches) => {
      const tx = await opened();
      const shop = one(tx, 'shop', 1);
      const computing = unlessRefused(later(turns, async () => {
        shop.set('mode', 1);
        await shop.load(['lead']);
        if (searches) await env(tx).model('shop').search({ lead: 1 });
      }));
      await one(tx, 'order', 1).unlink();
      await computing;
      await shop.load(['lead', 'mode']);
      expect(idOf(shop.get('lead'))).toBe(shop.get('mode') === 1 ? 2 : null);
      await tx.flush();
      expect(await storedColumns(tx, 'shop', [1], ['lead', 'label'])).toEqual(shop.get('mode') === 1 ? [[2], ['b']] : [[null], [null]]);
    });
  });

  test('a deletion whose last statement meets another version is taken back as a whole', async () => {
    const tx = await begin({ companies: 'company', concurrency: 'optimistic' });
    await fill(tx);
    tx.clear();
    await env(tx).model('memo').browse([2]).load(['about']);
    await tx.session.update({ model: 'memo', ids: [2], fields: ['text'], columns: [['elsewhere']] });
    const deleting = tx.savepoint(() => one(tx, 'order', 1).unlink());
    await expect(deleting).rejects.toMatchObject({ code: 'STORAGE_VERSION' });
    await one(tx, 'order', 1).load(['name', 'lines']);
    expect(one(tx, 'order', 1).get('name')).toBe('a');
    await expect(one(tx, 'order', 1).unlink()).rejects.toMatchObject({ code: 'STORAGE_VERSION' });
    expect(tx.state).toBe('failed');
  });
});
