import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

const models = defineModels({
  order: { name: char(), lines: one2many('line', 'order'), people: many2many('person'), staff: many2many('clerk'), owned: one2many('line', 'holder'), big: char({ readonly: false }) },
  line: { order: many2one('order', { onDelete: 'cascade' }), holder: many2one('order'), name: char(), code: char({ unique: true }), label: char({ store: true }), given: char({ store: true, readonly: false }), rate: integer({ companyDependent: true }), people: many2many('person') },
  person: { name: char() },
  clerk: { person: many2one('person', { required: true, onDelete: 'cascade' }), room: char() },
})
  .options('line', { id: 'text' })
  .options('person', { id: 'text' })
  .delegate('clerk', 'person')
  .compute('line', 'label', ['name'], (line) => `<${line.name ?? ''}>`)
  .compute('line', 'given', ['name'], (line) => line.name ?? '')
  .compute('order', 'big', ['name'], (order) => (order.name ?? '').toUpperCase())
  .inverse('order', 'big', (order) => {
    order.name = (order.big ?? '').toLowerCase();
  });

// What a call gives a record that it has made under an id of its own comes behind the record, beside a value with an inverse or not.
everywhere(models.registry(), ({ begin }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('order').create([{}, {}]);
    await tx.flush();
  });

  const found = async (model: string, fields: readonly string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read([...fields]);

  const expectBoth = async (model: string, wanted: readonly Readonly<Record<string, unknown>>[]): Promise<void> => {
    const fields = Object.keys(wanted[0] ?? {}).filter((name) => name !== 'id');
    expect(await found(model, fields)).toEqual(wanted);
    await tx.flush();
    tx.clear();
    expect(await found(model, fields)).toEqual(wanted);
  };

  describe.each([['plainly', {}], ['with an inverse', { big: 'X' }]])('%s', (_, beside) => {
    test.each([['never asked for', false], ['known to be missing', true]])('an update behind a create, of an id %s', async (_, isAsked) => {
      if (isAsked) expect((await tx.env.model('line').browse('L1').exists()).length).toBe(0);
      await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1', name: 'a' } }, { update: ['L1', { name: 'b' }] }, { create: { id: 'L2', name: 'c' } }, { update: ['L1', { given: 'hand' }] }], ...beside });
      await expectBoth('line', [{ id: 'L1', name: 'b', label: '<b>', given: 'hand', order: 1 }, { id: 'L2', name: 'c', label: '<c>', given: 'c', order: 1 }]);
    });

    test('an update of a unique value', async () => {
      await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1', code: 'A' } }, { update: ['L1', { code: 'B' }] }], ...beside });
      await expectBoth('line', [{ id: 'L1', code: 'B', order: 1 }]);
    });

    test('an update that moves it to another list', async () => {
      await tx.env.model('order').browse([1, 2]).load(['lines', 'owned']);
      await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1', name: 'a' } }, { update: ['L1', { order: 2, holder: 1 }] }], ...beside });
      expect(await found('order', ['lines', 'owned'])).toEqual([{ id: 1, lines: [], owned: ['L1'] }, { id: 2, lines: ['L1'], owned: [] }]);
      await expectBoth('line', [{ id: 'L1', name: 'a', order: 2, holder: 1 }]);
      expect(await found('order', ['lines', 'owned'])).toEqual([{ id: 1, lines: [], owned: ['L1'] }, { id: 2, lines: ['L1'], owned: [] }]);
    });

    test('an update among deletions', async () => {
      await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L0' } }] });
      await one(tx, 'order', 1).write({ lines: [{ delete: 'L0' }, { create: { id: 'L1', name: 'a' } }, { update: ['L1', { name: 'b' }] }], ...beside });
      await expectBoth('line', [{ id: 'L1', name: 'b', label: '<b>' }]);
    });

    test('values by delegation', async () => {
      await one(tx, 'order', 1).write({ people: [{ create: { id: 'P1' } }], staff: [{ create: { person: 'P1', name: 'x', room: '1' } }], ...beside });
      await expectBoth('clerk', [{ id: 1, name: 'x', room: '1' }]);
      await expectBoth('person', [{ id: 'P1', name: 'x' }]);
    });
  });

  test('what is deleted makes room, for its values and under its id', async () => {
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L0', code: 'A' } }, { create: { id: 'L1', code: 'B' } }] });
    await tx.flush();
    tx.clear();
    await one(tx, 'order', 1).write({ lines: [{ update: ['L0', { people: [{ create: { id: 'P1' } }] }] }, { update: ['L1', { order: 2 }] }, { delete: 'L0' }, { create: { id: 'L0', code: 'C' } }, { create: { id: 'L2', code: 'A' } }] });
    await expectBoth('line', [{ id: 'L0', code: 'C', order: 1, people: [] }, { id: 'L1', code: 'B', order: 2, people: [] }, { id: 'L2', code: 'A', order: 1, people: [] }]);
  });

  test('the same by create', async () => {
    await tx.env.model('order').create({ lines: [{ create: { id: 'L1', name: 'a' } }, { update: ['L1', { name: 'b' }] }] });
    await expectBoth('line', [{ id: 'L1', name: 'b', label: '<b>', order: 3 }]);
  });

  test('a record that could not be made has taken nothing from the one that is there', async () => {
    await tx.env.model('line').create({ id: 'L1', name: 'a' });
    await tx.flush();
    one(tx, 'line', 'L1').set('name', 'b');
    await expect(tx.env.model('line').create({ id: 'L1', rate: 5 })).rejects.toMatchObject({ code: 'TX_COMPANY_MISSING' });
    await expectBoth('line', [{ id: 'L1', name: 'b', label: '<b>' }]);
  });

  test.each([['made', [{ create: { id: 'L1' } }, { create: { id: 'L2', rate: 5 } }]], ['given a value', [{ create: { id: 'L1' } }, { update: ['L1', { rate: 5 }] }]]])('without a company nothing is done of a call in whose list a record is %s by company', async (_, lines) => {
    const orders = tx.env.model('order');
    await expect(orders.create({ name: 'new', lines })).rejects.toMatchObject({ code: 'TX_COMPANY_MISSING' });
    await expect(one(tx, 'order', 1).write({ name: 'x', lines })).rejects.toMatchObject({ code: 'TX_COMPANY_MISSING' });
    await expectBoth('order', [{ id: 1, name: null }, { id: 2, name: null }]);
    expect(await found('line', [])).toEqual([]);
  });

  test('whoever is to go with a list that he leaves goes, although the same call takes his owner from him', async () => {
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1' } }, { create: { id: 'L2' } }] });
    await one(tx, 'order', 1).write({ lines: [{ unlink: 'L1' }, { update: ['L1', { order: null }] }] });
    await expectBoth('line', [{ id: 'L2', order: 1 }]);
  });
});
