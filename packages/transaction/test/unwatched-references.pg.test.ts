import { char, defineModels, many2one, reference } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  company: { name: char() },
  box: { name: char(), shelf: many2one('shelf', { onDelete: 'cascade' }) },
  shelf: { name: char() },
  item: {
    name: char(),
    box: many2one('box', { companyDependent: true }),
    boxName: char({ dependsContext: ['company'] }),
    about: reference(['box', 'shelf']),
    must: reference(['box'], { required: true, default: 'box,3' }),
    label: char({ store: true }),
    twin: many2one('item', { onDelete: 'cascade' }),
  },
})
  .compute('item', 'boxName', ['box.name'], (item) => item.box?.name ?? '-')
  .compute('item', 'label', ['about', 'name'], (item) => `${item.name ?? ''} about ${item.about ? item.about.model : 'nothing'}`);

everywhere(models.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let boxes: RecordSet;
  let items: RecordSet;

  beforeEach(async () => {
    tx = await begin({ companies: 'company', explain: true });
    await tx.env.model('company').create([{ name: 'one' }, { name: 'two' }]);
    await tx.env.model('shelf').create([{ name: 'top' }]);
    boxes = await tx.env.model('box').create([{ name: 'A', shelf: 1 }, { name: 'B' }, { name: 'C' }]);
    items = await as(1).model('item').create([{ name: 'x', box: 1, about: 'box,1' }, { name: 'y', box: 2, about: 'shelf,1' }, { name: 'z' }]);
    await items.withEnv(as(2)).at(0)?.write({ box: 2 });
    await items.withEnv(as(2)).at(1)?.write({ box: 1 });
    await tx.flush();
  });

  const as = (company: number): Transaction['env'] => tx.env.withContext({ allowedCompanyIds: [company] });
  const shown = async (): Promise<unknown> => {
    const inOne = await items.withEnv(as(1)).read(['box', 'boxName', 'about', 'label']);
    const inTwo = await items.withEnv(as(2)).read(['box', 'boxName']);
    return [inOne.map(({ box, boxName, about, label }) => [box, boxName, about, label].join()), inTwo.map(({ box, boxName }) => [box, boxName].join())];
  };

  test.each([false, true])('what refers to a deleted record for a company, or as a reference, is empty, here and in the database; forgotten before: %s', async (isForgotten) => {
    if (!isForgotten) await shown();
    else tx.clear();
    await boxes.browse(1).unlink();
    const expected = [[',-,,x about nothing', '2,B,shelf,1,y about shelf', ',-,,z about nothing'], ['2,B', ',-', ',-']];
    expect(await shown()).toEqual(expected);
    await tx.flush();
    tx.clear();
    expect(await shown()).toEqual(expected);
    await tx.commit();
  });

  test('also of what goes by a cascade; those who go themselves need nothing', async () => {
    await items.withEnv(as(1)).at(2)?.write({ box: 1, twin: 1 });
    await tx.env.model('shelf').browse(1).unlink();
    expect(await shown()).toEqual([[',-,,x about nothing', '2,B,,y about nothing', ',-,,z about nothing'], ['2,B', ',-', ',-']]);
    await items.at(0)?.unlink();
    expect(await tx.env.model('item').count({})).toBe(1);
  });

  test('a pending value is emptied with the others, and a rollback brings all of it back', async () => {
    const before = await shown();
    await expect(tx.savepoint(async () => {
      items.withEnv(as(2)).at(2)?.set('box', 1);
      items.at(2)?.set('about', boxes.at(0));
      await boxes.browse(1).unlink();
      expect(await shown()).toEqual([[',-,,x about nothing', '2,B,shelf,1,y about shelf', ',-,,z about nothing'], ['2,B', ',-', ',-']]);
      throw new Error('back');
    })).rejects.toThrow('back');
    expect(await shown()).toEqual(before);
    tx.clear();
    expect(await shown()).toEqual(before);
  });

  test('a required reference stays', async () => {
    await boxes.browse(3).unlink();
    expect(await items.read(['must'])).toEqual([1, 2, 3].map((id) => ({ id, must: 'box,3' })));
  });

  test('what is asked for is one question for each field that may refer to the record', async () => {
    const company = await tx.env.model('company').create({ name: 'three' });
    expect(await counting(tx, () => company.unlink())).toBe(1);
    const shelf = await tx.env.model('shelf').create({ name: 'low' });
    // By box.shelf, which a foreign key watches, and by item.about; and the DELETE.
    expect(await counting(tx, () => shelf.unlink())).toBe(3);
  });
});
