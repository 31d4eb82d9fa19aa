import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  seat: {
    code: char({ unique: true }),
    note: char(),
    row: integer(),
    title: char({ store: true, unique: true, readonly: false }),
    above: many2one('seat', { onDelete: 'set null' }),
    below: one2many('seat', 'above'),
    pair: many2one('seat', { onDelete: 'set null', unique: true }),
  },
}).compute('seat', 'title', ['code', 'note'], (seat) => `${String(seat.code)} ${String(seat.note)}`);

everywhere(models.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let first: RecordSet;
  let second: RecordSet;

  beforeEach(async () => {
    tx = await begin();
    const seats = tx.env.model('seat');
    await seats.create([{ code: 'A', note: 'a' }, { code: 'B', note: 'b' }]);
    await tx.flush();
    first = seats.browse(1);
    second = seats.browse(2);
  });

  async function stored(): Promise<readonly unknown[]> {
    await tx.flush();
    const { columns } = await tx.session.query({ model: 'seat', filter: { kind: 'and', all: [] }, fields: ['code', 'title'] });
    return columns[0]?.map((code, place) => [code, columns[1]?.[place]]) ?? [];
  }

  test('a new record takes the unique value that another has just been made to give up', async () => {
    first.set('code', 'C');
    await tx.env.model('seat').create([{ code: 'A', note: 'new' }]);
    expect(await stored()).toEqual(expect.arrayContaining([['C', 'C a'], ['A', 'A new']]));
  });

  test('and so does one that is created by a command of the very write that gives it up', async () => {
    await first.write({ code: 'C', below: [{ create: { code: 'A', note: 'new' } }] });
    expect(await stored()).toEqual(expect.arrayContaining([['C', 'C a'], ['A', 'A new']]));
  });

  test('a computed unique value is worked out anew before another record takes it', async () => {
    first.set('note', 'moved');
    await tx.env.model('seat').create([{ code: 'C', title: 'A a' }]);
    expect(await stored()).toEqual(expect.arrayContaining([['A', 'A moved'], ['C', 'A a']]));
  });

  test('where nothing unique is pending, or nothing unique is taken, an INSERT is all that is sent', async () => {
    first.set('row', 7);
    expect(await counting(tx, () => tx.env.model('seat').create([{ code: 'C' }]))).toBe(1);
    first.set('code', 'D');
    expect(await counting(tx, () => tx.env.model('seat').create([{ row: 1 }]))).toBe(1);
  });

  test('a reference that waits for its draft does not keep that draft, or any other, from being saved', async () => {
    const draft = tx.env.model('seat').new({ code: 'C', pair: second });
    await tx.run(() => {
      first.set('pair', draft);
    });
    first.set('code', 'D');
    const saved = await draft.save();
    await tx.flush();
    expect((first.get('pair') as RecordSet).id).toBe(saved.id);
  });

  test('records swap unique values in one flush although they have other things pending', async () => {
    first.set('code', 'B');
    first.set('row', 1);
    second.set('code', 'A');
    second.set('note', 'changed');
    expect(await stored()).toEqual(expect.arrayContaining([['B', 'B a'], ['A', 'A changed']]));
  });

  test('and in a flush of some fields that one of them alone has pending', async () => {
    first.set('code', 'B');
    first.set('row', 1);
    second.set('code', 'A');
    await tx.flush([[tx.registry.field('seat', 'row')]]);
    expect(await stored()).toEqual(expect.arrayContaining([['B', 'B a'], ['A', 'A b']]));
    first.set('code', 'A');
    second.set('code', 'B');
    second.set('row', 2);
    expect(await tx.env.model('seat').search({ row: 2 })).toHaveLength(1);
  });

  test('what is not unique after all is still refused', async () => {
    first.set('code', 'B');
    await expect(tx.savepoint(() => tx.env.model('seat').create([{ code: 'Z' }]))).rejects.toMatchObject({ code: 'STORAGE_UNIQUE' });
  });
});
