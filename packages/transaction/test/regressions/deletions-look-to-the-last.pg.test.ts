import { char, defineModels, integer, many2many, many2one, one2many, reference } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({
  order: { name: char(), lines: one2many('line', 'order'), returns: one2many('line', 'origin'), notes: one2many('note', 'order'), memos: one2many('memo', 'order'), tags: many2many('tag'), sum: integer({ store: true }) },
  line: { order: many2one('order', { onDelete: 'cascade' }), origin: many2one('order', { onDelete: 'cascade' }), price: integer(), twice: integer({ store: true }) },
  note: { order: many2one('order', { onDelete: 'cascade' }), text: char() },
  memo: { order: many2one('order', { onDelete: 'set null' }), about: reference(['order', 'line']), text: char() },
  tag: { name: char() },
})
  .compute('line', 'twice', ['price'], ({ price }) => (price ?? 0) * 2)
  .compute('order', 'sum', ['lines.twice'], ({ lines }) => [...lines].reduce((sum, { twice }) => sum + (twice ?? 0), 0));

/** Whether a call was done: beside others it may be refused, before it has done anything. */
async function isDone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(TX_OVERLAP|TX_RECORD_MISSING)$/) as unknown });
    return false;
  }
}

/** Order 1 with line 1, note 1, memo 1 and tag 1, and order 2 with nothing. */
async function fill(tx: Transaction): Promise<void> {
  await tx.env.model('order').create([{ name: 'a', lines: [{ create: { price: 1 } }], notes: [{ create: {} }], memos: [{ create: {} }], tags: [{ create: {} }] }, { name: 'b' }]);
  await tx.flush();
  await tx.env.model('order').browse([1, 2]).load(['name', 'lines.twice', 'lines.origin', 'returns', 'notes', 'memos.about', 'tags', 'sum']);
}

const move = (tx: Transaction, model: string, name = 'order'): void => {
  one(tx, model, 1).set(name, one(tx, 'order', 2));
};

everywhere(models.registry(), ({ begin, everyTurn }) => {
  let tx: Transaction;
  const order = (id: number): RecordSet => one(tx, 'order', id);

  beforeEach(async () => {
    tx = await begin();
    await fill(tx);
  });

  describe('who is moved before his list loses him', () => {
    test('is computed', async () => {
      await order(1).write({ lines: [{ update: [1, { order: 2, price: 9 }] }, { unlink: 1 }] });
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order', 'price', 'twice'])).toEqual([[2], [9], [18]]);
      expect(await storedColumns(tx, 'order', [1, 2], ['sum'])).toEqual([[0, 18]]);
    });

    test('is computed, also by a draft', async () => {
      const draft = tx.env.model('order').new({ lines: [] }, { origin: 1 });
      one(tx, 'line', 1).set('price', 9);
      move(tx, 'line');
      await draft.save();
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order', 'twice'])).toEqual([[2], [18]]);
    });

    test('keeps nobody else of his number', async () => {
      await order(1).write({ lines: [{ update: [1, { order: 2 }] }, { unlink: 1 }], notes: [{ delete: 1 }] });
      await tx.flush();
      expect(await storedColumns(tx, 'note', [1], ['order'])).toEqual([[]]);
      expect(await storedColumns(tx, 'line', [1], ['order'])).toEqual([[2]]);
    });

    test('goes if he is deleted by name in another list', async () => {
      one(tx, 'line', 1).set('origin', order(1));
      await tx.flush();
      await order(1).write({ lines: [{ update: [1, { order: 2 }] }, { unlink: 1 }], returns: [{ delete: 1 }] });
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order'])).toEqual([[]]);
    });

    test('goes if another list loses him as well', async () => {
      one(tx, 'line', 1).set('origin', order(1));
      await tx.flush();
      await order(1).write({ lines: [{ update: [1, { order: 2 }] }, { unlink: 1 }], returns: [{ unlink: 1 }] });
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order'])).toEqual([[]]);
    });
  });

  describe.each(everyTurn(70))('%i turns later', (turns) => {
    test('who is moved out of a list that deletes whom it loses is computed', async () => {
      one(tx, 'line', 1).set('price', 9);
      const moving = isDone(later(turns, () => { move(tx, 'line'); }));
      await order(1).write({ lines: [{ unlink: 1 }] });
      const isMoved = await moving;
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order', 'twice'])).toEqual(isMoved ? [[2], [18]] : [[], []]);
      expect(await storedColumns(tx, 'order', [1, 2], ['sum'])).toEqual([[0, isMoved ? 18 : 0]]);
    });

    test.each(['line', 'note'])('who is moved away from a record that is deleted stays (%s)', async (model) => {
      const moving = isDone(later(turns, () => { move(tx, model); }));
      await order(1).unlink();
      const isMoved = await moving;
      await tx.flush();
      expect(await storedColumns(tx, model, [1], ['order'])).toEqual([isMoved ? [2] : []]);
    });

    test.each(['order', 'about'])('nobody refers to a record that has gone (%s)', async (name) => {
      one(tx, 'memo', 1).set('order', order(2));
      const referring = isDone(later(turns, () => { one(tx, 'memo', 1).set(name, order(1)); }));
      await order(1).unlink();
      await referring;
      await tx.flush();
      expect([null, 2]).toContain((await storedColumns(tx, 'memo', [1], ['order']))[0]?.[0]);
      expect(await storedColumns(tx, 'memo', [1], ['about'])).toEqual([[null]]);
    });

    test('who is moved keeps nobody else of his number', async () => {
      const moving = isDone(later(turns, () => { move(tx, 'line'); }));
      await order(1).write({ lines: [{ unlink: 1 }], notes: [{ delete: 1 }] });
      const isMoved = await moving;
      await tx.flush();
      expect(await storedColumns(tx, 'note', [1], ['order'])).toEqual([[]]);
      expect(await storedColumns(tx, 'line', [1], ['order'])).toEqual([isMoved ? [2] : []]);
    });
  });
});
