import type { Id } from '@ormolu/kernel';
import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

const models = defineModels({
  order: { name: char(), main: many2one('line'), staff: one2many('clerk', 'order'), lines: one2many('line', 'order'), held: one2many('line', 'holder'), labels: many2many('label'), shown: many2many('label', { readonly: false }) },
  line: {
    order: many2one('order', { onDelete: 'cascade' }), holder: many2one('order'), name: char(), code: char({ unique: true }), notes: one2many('note', 'line'), labels: many2many('label'), after: many2one('line'),
    given: char({ store: true, readonly: false }), loud: char({ readonly: false }), picks: many2many('label', { readonly: false }),
  },
  note: { line: many2one('line', { required: true, onDelete: 'cascade' }), text: char(), about: many2one('person') },
  person: { name: char(), age: integer() },
  clerk: { person: many2one('person', { required: true, onDelete: 'cascade' }), order: many2one('order'), boss: many2one('clerk', { required: true }) },
  label: { name: char() },
})
  .options('line', { id: 'text' })
  .options('person', { id: 'text' })
  .options('clerk', { id: 'text' })
  .delegate('clerk', 'person')
  .compute('order', 'shown', ['name'], (order) => order.labels)
  .compute('line', 'loud', ['name'], (line) => (line.name ?? '').toUpperCase())
  .compute('line', 'given', ['name'], (line) => line.name ?? '')
  .compute('line', 'picks', ['name'], (line) => line.labels);

// Whoever is made by a call under an id of its own is meant by that id from there on.
everywhere(models.registry(), ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('label').create([{}, {}]);
    await tx.env.model('order').create([{ lines: [{ create: { id: 'L0', name: 'old' } }] }, {}]);
    await tx.flush();
    tx.clear();
  });

  const found = async (model: string, fields: readonly string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read([...fields]);

  const expectBoth = async (model: string, wanted: readonly Readonly<Record<string, unknown>>[]): Promise<void> => {
    const fields = Object.keys(wanted[0] ?? {}).filter((name) => name !== 'id');
    expect(await found(model, fields)).toEqual(wanted);
    await tx.flush();
    tx.clear();
    expect(await found(model, fields)).toEqual(wanted);
  };

  const isKnownToBeMissing = async (model: string, id: Id): Promise<void> => {
    await expect(tx.env.model(model).browse(id).read(['name'])).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  };

  test('what is refused of it has left nothing, the call\'s other values and lists included', async () => {
    await isKnownToBeMissing('order', 99);
    await isKnownToBeMissing('label', 99);
    const lines = [{ create: { id: 'L1' } }, { update: ['L1', { holder: 99 }] }];
    await expect(one(tx, 'order', 1).write({ name: 'x', lines, labels: [{ link: 1 }] })).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    await expect(one(tx, 'order', 1).write({ name: 'x', shown: [{ create: {} }, { link: 99 }] })).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    await expect(one(tx, 'order', 1).write({ name: 'x', lines: [{ create: { id: 'L1' } }, { update: ['L1', { picks: [99] }] }] })).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    await expect(tx.env.model('order').create({ name: 'new', lines })).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    expect(await found('line', [])).toEqual([{ id: 'L0' }]);
    expect(await found('label', [])).toHaveLength(2);
    await expectBoth('order', [{ id: 1, name: null, labels: [] }, { id: 2, name: null, labels: [] }]);
  });

  test('what was given to the one of that id before him is not given to him', async () => {
    await one(tx, 'order', 1).write({ lines: [{ update: ['L0', { name: 'b', holder: 1, given: 'hand' }] }, { delete: 'L0' }, { create: { id: 'L0', name: 'a' } }, { update: ['L0', { code: 'C' }] }] });
    await expectBoth('line', [{ id: 'L0', name: 'a', code: 'C', holder: null, order: 1, given: 'a' }]);
  });

  test('what is given to one that the call deletes goes with him, whoever it names, and to one that is missing it is refused at once', async () => {
    await isKnownToBeMissing('line', 'L9');
    await expect(one(tx, 'order', 1).write({ name: 'x', lines: [{ create: { id: 'L1' } }, { update: ['L9', { after: 'L1' }] }] })).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    await expectBoth('line', [{ id: 'L0', name: 'old' }]);
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1' } }, { update: ['L0', { after: 'L1', picks: [{ create: {} }] }] }, { delete: 'L0' }] });
    await expectBoth('line', [{ id: 'L1', after: null }]);
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L2' } }, { update: ['L1', { after: 'L2', picks: [{ link: 1 }] }] }, { delete: 'L1' }, { create: { id: 'L1' } }] });
    expect(await one(tx, 'line', 'L1').read(['picks'])).toEqual([{ id: 'L1', picks: [] }]);
    await expectBoth('line', [{ id: 'L1', after: null, order: 1 }, { id: 'L2', after: null, order: 1 }]);
  });

  test('a value that has no column stays beside what it is computed from, whichever comes first', async () => {
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1' } }, { update: ['L1', { loud: 'hand', name: 'x' }] }, { create: { id: 'L2' } }, { update: ['L2', { name: 'x', picks: [2], loud: 'hand' }] }, { update: ['L2', { name: 'y' }] }] });
    const lines = tx.env.model('line').browse(['L1', 'L2']);
    expect([lines.mapped('loud'), lines.filtered(({ id }) => id === 'L2').mapped('picks.id')]).toEqual([['hand', 'hand'], [2]]);
  });

  test('references to him go in behind him, among deletions too', async () => {
    await isKnownToBeMissing('line', 'L1');
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1' } }, { delete: 'L0' }], main: 'L1' });
    await expectBoth('order', [{ id: 1, main: 'L1', lines: ['L1'] }, { id: 2, main: null, lines: [] }]);
  });

  test('whoever refers to him is inserted after him, whichever model comes first, and beside him in one INSERT', async () => {
    await tx.env.model('person').create([{ id: 'P0' }]);
    const staff = [{ create: { id: 'C1', person: 'P0', boss: 'C1' } }, { create: { id: 'C2', person: 'P0', boss: 'C1' } }, { update: ['C2', { name: 'x' }] }, { create: { id: 'C3', boss: 'C2', person: 'P0' } }];
    const sent = await counting(tx, () => one(tx, 'order', 1).write({ staff: [{ create: { id: 'C0', person: 'P0', boss: 'C0' } }, { update: ['C0', { name: 'y' }] }] }));
    expect(await counting(tx, () => one(tx, 'order', 1).write({ staff }))).toBeLessThanOrEqual(sent);
    await expectBoth('clerk', [{ id: 'C0', boss: 'C0', name: 'x' }, { id: 'C1', boss: 'C1', name: 'x' }, { id: 'C2', boss: 'C1', name: 'x' }, { id: 'C3', boss: 'C2', name: 'x' }]);
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1', notes: [{ create: { text: 'a' } }] } }, { create: { id: 'L2', after: 'L1' } }, { update: ['L1', { after: 'L2' }] }] });
    await expectBoth('line', [{ id: 'L0', after: null }, { id: 'L1', after: 'L2' }, { id: 'L2', after: 'L1' }]);
  });

  test('his lists take commands', async () => {
    await one(tx, 'order', 1).write({ lines: [{ create: { id: 'L1' } }, { update: ['L1', { notes: [{ create: { text: 'a' } }], labels: [{ link: 2 }, { create: {} }] }] }, { update: ['L1', { labels: [{ unlink: 2 }] }] }] });
    await expectBoth('note', [{ id: 1, text: 'a', line: 'L1' }]);
    await expectBoth('line', [{ id: 'L0', labels: [] }, { id: 'L1', labels: [3] }]);
  });

  test('he is linked and unlinked like others', async () => {
    await tx.env.model('order').browse([1, 2]).load(['held', 'lines']);
    await one(tx, 'order', 1).write({ held: [{ create: { id: 'L1' } }, { create: { id: 'L2' } }, { unlink: 'L1' }, { create: { id: 'L3' } }], lines: [{ link: 'L2' }] });
    await expectBoth('line', [{ id: 'L0', order: 1, holder: null }, { id: 'L1', order: null, holder: null }, { id: 'L2', order: 1, holder: 1 }, { id: 'L3', order: null, holder: 1 }]);
    await one(tx, 'order', 2).write({ held: [{ create: { id: 'L4' } }, { create: { id: 'L5' } }, { set: ['L5', 'L2'] }] });
    await expectBoth('line', [{ id: 'L0', holder: null }, { id: 'L1', holder: null }, { id: 'L2', holder: 2 }, { id: 'L3', holder: 1 }, { id: 'L4', holder: null }, { id: 'L5', holder: 2 }]);
  });

  test.each([
    ['deleted', [{ create: { id: 'L1' } }, { delete: 'L1' }]],
    ['taken out of a list that keeps him', [{ create: { id: 'L1' } }, { unlink: 'L1' }]],
    ['left out', [{ create: { name: 'a' } }, { clear: true }]],
  ])('made and %s by one call he is refused, before anything is done', async (_, lines) => {
    await expect(one(tx, 'order', 1).write({ name: 'x', lines: lines.map((command) => ('create' in command ? { create: { id: 'L1', ...command.create } } : command)) })).rejects.toMatchObject({ code: 'TX_COMMAND_INVALID', message: expect.stringContaining('also deletes it') as string });
    await expectBoth('line', [{ id: 'L0' }]);
    await expectBoth('order', [{ id: 1, name: null }, { id: 2, name: null }]);
  });

  test('of two whole lists for one record the later one counts, although the first names who is new', async () => {
    await one(tx, 'order', 1).write({ lines: [{ update: ['L0', { picks: [{ clear: true }, { create: {} }] }] }, { update: ['L0', { picks: [2] }] }] });
    expect(one(tx, 'line', 'L0').mapped('picks.id')).toEqual([2]);
    await one(tx, 'order', 1).write({ held: [{ create: { id: 'L1' } }], main: 'L1', lines: [{ update: ['L0', { after: 'L1' }] }, { update: ['L0', { after: null }] }] });
    await expectBoth('line', [{ id: 'L0', after: null }, { id: 'L1', after: null }]);
  });
});
