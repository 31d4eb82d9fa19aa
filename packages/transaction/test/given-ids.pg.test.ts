import { boolean, char, defineModels, many2many, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  currency: { name: char({ required: true }), parent: many2one('currency'), prices: one2many('price', 'currency'), regions: many2many('region'), label: char({ store: true }), isOld: boolean() },
  price: { currency: many2one('currency', { onDelete: 'cascade' }), of: char() },
  region: { name: char() },
})
  .options('currency', { id: 'text' })
  .options('price', { id: 'uuid' })
  .compute('currency', 'label', ['name', 'parent.name'], (currency) => `${currency.name}<${currency.parent?.name ?? ''}`);

const ONE = '00000000-0000-4000-8000-000000000001';

everywhere(models.registry(), ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
  });

  const rows = async (model: string, ...fields: string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read(fields);

  test('records of a model whose ids are texts are created under the ids they are given', async () => {
    const currencies = tx.env.model('currency');
    const both = await currencies.create([{ id: 'EUR', name: 'Euro' }, { id: 'XEU', name: 'Ecu', parent: 'EUR' }]);
    expect(both.ids).toEqual(['EUR', 'XEU']);
    expect(both.mapped('label')).toEqual(['Euro<', 'Ecu<Euro']);
    await tx.commit();
    tx = await begin();
    expect(await rows('currency', 'name', 'parent', 'label')).toEqual([{ id: 'EUR', name: 'Euro', parent: null, label: 'Euro<' }, { id: 'XEU', name: 'Ecu', parent: 'EUR', label: 'Ecu<Euro' }]);
  });

  test('what is made in lists is given its id as well, one INSERT a model', async () => {
    const values = { id: 'EUR', name: 'Euro', prices: [{ create: { id: ONE, of: 'bread' } }, { create: { of: 'salt' } }], regions: [{ create: { name: 'west' } }] };
    await tx.env.model('region').count(); // the transaction begins with it
    expect(await counting(tx, () => tx.env.model('currency').create(values))).toBe(4);
    const [, salt] = tx.env.model('currency').browse('EUR').get('prices') as Iterable<{ id: string }>;
    expect(salt?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    await tx.commit();
    tx = await begin();
    expect(await rows('price', 'currency', 'of')).toHaveLength(2);
    expect(await tx.env.model('price').browse(ONE).read(['currency', 'of'])).toEqual([{ id: ONE, currency: 'EUR', of: 'bread' }]);
    await tx.env.model('region').create({ name: 'east' });
    const region = (await tx.env.model('region').search({ name: 'east' })).ensureOne();
    await tx.env.model('currency').create({ id: 'DEM', name: 'Mark', regions: [{ link: region.id }] });
    expect(await tx.env.model('currency').browse('DEM').read(['regions'])).toEqual([{ id: 'DEM', regions: [region.id] }]);
  });

  test('an id that memory knows to be missing is made, and may be referred to in the same call', async () => {
    const currencies = tx.env.model('currency');
    expect((await currencies.browse(['EUR', 'XEU']).exists()).length).toBe(0);
    await expect(currencies.browse('EUR').read(['name'])).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    await currencies.create([{ id: 'EUR', name: 'Euro' }, { id: 'XEU', name: 'Ecu', parent: 'EUR' }]);
    expect(await currencies.browse(['EUR', 'XEU']).read(['label'])).toEqual([{ id: 'EUR', label: 'Euro<' }, { id: 'XEU', label: 'Ecu<Euro' }]);
  });

  test('what was deleted can be made anew under its id, and a rollback takes that back', async () => {
    let currencies = tx.env.model('currency');
    await currencies.create([{ id: 'EUR', name: 'Euro', prices: [{ create: { of: 'bread' } }] }, { id: 'XEU', name: 'Ecu', parent: 'EUR' }]);
    await tx.commit();
    tx = await begin();
    currencies = tx.env.model('currency');
    await currencies.browse('EUR').unlink();
    await expect(tx.savepoint(async () => {
      await currencies.create({ id: 'EUR', name: 'new' });
      expect(await currencies.browse('EUR').read(['label', 'prices'])).toEqual([{ id: 'EUR', label: 'new<', prices: [] }]);
      throw new Error('back');
    })).rejects.toThrow('back');
    expect((await currencies.browse('EUR').exists()).length).toBe(0);
    await currencies.create({ id: 'EUR', name: 'newer' });
    await currencies.browse('XEU').write({ parent: 'EUR' });
    await tx.commit();
    tx = await begin();
    expect(await rows('currency', 'parent', 'label')).toEqual([{ id: 'EUR', parent: null, label: 'newer<' }, { id: 'XEU', parent: 'EUR', label: 'Ecu<newer' }]);
    expect(await rows('price')).toEqual([]);
  });

  test('drafts and copies are given ids, too', async () => {
    const currencies = tx.env.model('currency');
    const draft = currencies.new({ id: 'EUR', name: 'Euro', prices: [{ create: { of: 'bread' } }] });
    const other = currencies.new({ name: 'none' });
    await expect(other.save()).rejects.toMatchObject({ code: 'TX_REQUIRED', details: { model: 'currency', field: 'id' } });
    expect((await draft.save()).ids).toEqual(['EUR']);
    expect(draft.get('label')).toBe('Euro<');
    await expect(draft.copy()).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    expect((await currencies.browse('EUR').copy({ id: 'XEU', parent: 'EUR' })).ids).toEqual(['XEU']);
    await tx.commit();
    tx = await begin();
    expect(await rows('currency', 'label')).toEqual([{ id: 'EUR', label: 'Euro<' }, { id: 'XEU', label: 'Euro<Euro' }]);
  });

  test('what cannot be an id is refused before anything is sent', async () => {
    const currencies = tx.env.model('currency');
    await expect(currencies.create({ name: 'no id' })).rejects.toMatchObject({ code: 'TX_REQUIRED', message: 'A new currency needs an id: those of this model are texts, which the database does not make. Give it as id, among the values.' });
    await expect(currencies.create({ id: 5, name: 'a number' })).rejects.toMatchObject({ code: 'TX_ARGUMENT' });
    await expect(currencies.create({ id: null, name: 'nothing' })).rejects.toMatchObject({ code: 'TX_ARGUMENT' });
    await expect(currencies.create({ id: currencies.new().id, name: 'a draft' })).rejects.toMatchObject({ code: 'TX_ARGUMENT' });
    await expect(tx.env.model('price').create({ id: ONE.toUpperCase().replace('0', 'G') })).rejects.toMatchObject({ code: 'TX_ARGUMENT' });
    await expect(tx.env.model('region').create({ id: 5 })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
    await expect(currencies.browse('EUR').write({ id: 'other' })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
    expect(() => currencies.new({ id: 'a' }, { origin: 'b' })).toThrow(/has no field 'id'/);
    await tx.savepoint(async () => {
      await currencies.create({ id: 'EUR', name: 'Euro' });
      await expect(tx.savepoint(() => currencies.create({ id: 'EUR', name: 'again' }))).rejects.toMatchObject({ code: 'STORAGE_UNIQUE' });
    });
  });
});
