import { char, defineModels, integer } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const first = defineModels({ city: { name: char(), size: integer(), label: char({ store: true }) }, other: { name: char() } })
  .compute('city', 'label', ['name'], (city) => `<${city.name ?? ''}>`)
  .method('city', { shout: (cities) => `${[...cities].map(({ name }) => name).join()}!` });
first.registry();
// The new field stands before the others, which have another place from then on.
const second = first.extend({ city: { area: integer(), mayor: char() }, region: { size: integer() } })
  .compute('city', 'label', ['name', 'mayor'], (city) => `${city.name ?? ''}/${city.mayor ?? ''}`)
  .method('city', { shout: (cities) => `${[...cities].map(({ name }) => name).join()}!!` });

everywhere(second.registry(), ({ begin }) => {
  let newest = first.registry();
  let tx: Transaction;
  let city: RecordSet;
  let all: RecordSet;

  beforeEach(async () => {
    newest = first.registry();
    tx = await begin({ registry: newest, newestRegistry: () => newest });
    city = await tx.env.model('city').create({ name: 'Ghent', size: 260 });
    await tx.env.model('city').create({ name: 'Bruges', size: 118 });
    await tx.flush();
    all = await tx.env.model('city').search({});
    newest = second.registry();
    await tx.reset();
  });

  const stored = async (): Promise<unknown> => {
    await tx.flush();
    return (await tx.readStored('city', [1], ['name', 'size', 'mayor', 'label'])).columns.map(([value]) => value);
  };
  /** Records as programs hold them. */
  const typed = (record: RecordSet): Record<string, unknown> => record as unknown as Record<string, unknown>;

  test('what is assigned to a record that was taken before marks what depends on it now, and is written', async () => {
    typed(city)['name'] = 'Gent';
    expect(await stored()).toEqual(['Gent', 260, null, 'Gent/']);
    typed(city)['size'] = 261;
    expect(await stored()).toEqual(['Gent', 261, null, 'Gent/']);
  });

  test('it reads what is there now, whichever record is asked first', async () => {
    await city.load(['name', 'size', 'label', 'mayor']);
    expect([city.get('name'), typed(city)['name'], typed(city)['size'], typed(city)['label']]).toEqual(['Ghent', 'Ghent', 260, '<Ghent>']);
    const [again] = tx.env.model('city').browse([1]);
    expect(again && [typed(again)['name'], typed(again)['size']]).toEqual(['Ghent', 260]);
    await city.write({ mayor: 'Daniel', size: 262 });
    expect([typed(city)['size'], typed(city)['label']]).toEqual([262, 'Ghent/Daniel']);
  });

  test('it has the fields that have come, and the methods of now', async () => {
    await city.load(['mayor', 'name']);
    expect(typed(city)['mayor']).toBeNull();
    typed(city)['mayor'] = 'Daniel';
    expect(typed(city)['mayor']).toBe('Daniel');
    expect(await stored()).toEqual(['Ghent', 260, 'Daniel', 'Ghent/Daniel']);
    expect((typed(city)['shout'] as () => string)()).toBe('Ghent!!');
    expect(() => { typed(city)['naem'] = 'x'; }).toThrow(/naem/);
    expect(typed(city)['then']).toBeUndefined();
    expect(String(city)).toBe('city(1)');
  });

  test('the records of a set that was taken before do the same, read one by one or many times', async () => {
    await all.load(['name', 'label', 'mayor']);
    for (let times = 0; times < 200; times += 1) expect([...all].map((record) => typed(record)['name'])).toEqual(['Ghent', 'Bruges']);
    for (const record of all) typed(record)['name'] = `${String(typed(record)['name'])}+`;
    expect([...all].map((record) => typed(record)['name'])).toEqual(['Ghent+', 'Bruges+']);
    expect(all.mapped('label')).toEqual(['Ghent+/', 'Bruges+/']);
    expect(all.at(1)?.get('label')).toBe('Bruges+/');
    expect(await stored()).toEqual(['Ghent+', 260, null, 'Ghent+/']);
  });

  test('fields that were looked up before stand for those of now', async () => {
    const old = first.registry().field('city', 'name');
    typed(city)['name'] = 'Gent';
    await tx.flush([[old]]);
    expect(tx.towrite.has('city')).toBe(false);
    await tx.flush();
    await tx.protecting([first.registry().field('city', 'label')], city, async () => {
      typed(city)['name'] = 'Gand';
      await tx.flush();
    });
    expect(await stored()).toEqual(['Gand', 260, null, 'Gent/']);
    expect(tx.explain(city, old).toString()).toContain('city');
  });

  test('drafts that are made from it are of the model of now, and a rollback to before the reset brings the old one back', async () => {
    const draft = all.new({ name: 'Lyon', mayor: 'Gérard' });
    expect(draft.get('label')).toBe('Lyon/Gérard');
    await draft.save();
    newest = first.registry();
    await expect(tx.savepoint(async () => {
      await tx.reset();
      typed(city)['name'] = 'Gand';
      expect(await city.read(['label'])).toEqual([{ id: 1, label: '<Gand>' }]);
      expect(() => city.get('mayor')).toThrow(/mayor/);
      throw new Error('back');
    })).rejects.toThrow('back');
    typed(city)['name'] = 'Gent';
    expect(await stored()).toEqual(['Gent', 260, null, 'Gent/']);
  });
});
