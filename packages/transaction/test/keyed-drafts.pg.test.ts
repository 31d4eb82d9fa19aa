import type { Environment, RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { store } from './support/store';

everywhere(store.registry(), ({ begin }) => {
  let tx: Transaction;
  let env: Environment;
  const actors = { users: 'user', companies: 'company' };
  const in_ = (lang: string): Environment => env.withContext({ lang });
  const of = (company: number): Environment => env.withCompany(company);
  const get = (record: RecordSet, name: string, at: Environment = env): Promise<unknown> => env.run(() => record.withEnv(at).at(0)?.get(name));

  async function anew(): Promise<void> {
    await tx.commit();
    tx = await begin({ uid: 1, ...actors });
    await tx.meetUser();
    ({ env } = tx);
  }

  beforeEach(async () => {
    const first = await begin();
    await first.env.model('company').create([{ name: 'North' }, { name: 'South' }]);
    await first.env.model('user').create({ name: 'Ann', company: 1 });
    await first.env.model('shelf').create([{ name: 'top' }, { name: 'low' }]);
    tx = first;
    await anew();
  });

  test('a draft has a text for each language and a value for each company, and so has what it is saved as', async () => {
    const draft = env.model('thing').new({ name: 'lamp', price: 1 });
    draft.withEnv(in_('fr')).set('name', 'lampe');
    draft.withEnv(of(2)).set('price', 2);
    const seen = async (record: RecordSet): Promise<unknown> => [await get(record, 'name'), await get(record, 'name', in_('fr')), await get(record, 'name', in_('de')), await get(record, 'price'), await get(record, 'price', of(2)), await get(record, 'tag', in_('fr')), await get(record, 'tag', of(2))];
    const wanted = ['lamp', 'lampe', 'lamp', 1, 2, 'lampe 1', 'lamp 2'];
    expect(await seen(draft)).toEqual(wanted);
    tx.cache.invalidate();
    expect(await seen(draft)).toEqual(wanted);
    const saved = await draft.save();
    expect(await seen(saved)).toEqual(wanted);
    await anew();
    expect(await seen(env.model('thing').browse(saved.ids[0] as number))).toEqual(wanted);
    await tx.cache.check(env);
  });

  test('a language without a text follows the source until it has one; a first text in any language is the source, too', async () => {
    const draft = env.model('thing').new({ name: 'lamp' });
    expect(await get(draft, 'name', in_('fr'))).toBe('lamp');
    draft.set('name', 'light');
    expect(await get(draft, 'name', in_('fr'))).toBe('light');
    draft.withEnv(in_('fr')).set('name', 'light');
    draft.set('name', 'bulb');
    expect([await get(draft, 'name'), await get(draft, 'name', in_('fr'))]).toEqual(['bulb', 'light']);
    const french = in_('fr').model('thing').new({ name: 'lampe' });
    expect([await get(french, 'name'), await get(french, 'name', in_('de'))]).toEqual(['lampe', 'lampe']);
    const saved = await french.save();
    await anew();
    expect([await get(env.model('thing').browse(saved.ids as number[]), 'name')]).toEqual(['lampe']);
  });

  test('an edited copy gives its texts and values to the origin in their own places, and reads the others through it', async () => {
    await env.model('thing').create({ name: 'lamp', note: 'bright', price: 1 });
    await env.model('thing').browse(1).withEnv(in_('fr')).write({ name: 'lampe' });
    await env.model('thing').browse(1).withEnv(of(2)).write({ price: 2 });
    await anew();
    const draft = env.model('thing').new({}, { origin: 1 });
    draft.withEnv(in_('de')).set('name', 'Lampe');
    draft.withEnv(of(2)).set('price', 20);
    draft.withEnv(of(2)).set('shelf', env.model('shelf').browse(2));
    draft.set('note', 'dim');
    expect([await get(draft, 'name'), await get(draft, 'name', in_('fr')), await get(draft, 'name', in_('de'))]).toEqual(['lamp', 'lampe', 'Lampe']);
    expect([await get(draft, 'price'), await get(draft, 'price', of(2)), await get(draft, 'note', in_('fr'))]).toEqual([1, 20, 'dim']);
    env.model('thing').browse(1).set('name', 'light');
    expect([await get(draft, 'name'), await get(draft, 'name', in_('de'))]).toEqual(['light', 'Lampe']);
    const saved = await draft.save();
    await anew();
    expect(saved.ids).toEqual([1]);
    const thing = env.model('thing').browse(1);
    expect([await get(thing, 'name'), await get(thing, 'name', in_('fr')), await get(thing, 'name', in_('de')), await get(thing, 'note', in_('fr'))]).toEqual(['light', 'lampe', 'Lampe', 'dim']);
    expect([await get(thing, 'price'), await get(thing, 'price', of(2)), await get(thing, 'shelf'), await get(thing, 'shelf', of(2))]).toMatchObject([1, 20, null, { ids: [2] }]);
  });

  test('a company-dependent reference to a draft waits for it, and to a deleted record is empty', async () => {
    const shelf = env.model('shelf').new({ name: 'new' });
    const draft = env.model('thing').new({ name: 'lamp', shelf });
    draft.withEnv(of(2)).set('shelf', env.model('shelf').browse(2));
    expect([await get(draft, 'shelfName'), await get(draft, 'shelfName', of(2))]).toEqual(['new', 'low']);
    await env.model('shelf').browse(2).unlink();
    expect(await get(draft, 'shelf', of(2))).toBeNull();
    await shelf.save();
    const saved = await draft.save();
    await anew();
    const thing = env.model('thing').browse(saved.ids);
    expect([await get(thing, 'shelf'), await get(thing, 'shelf', of(2)), await get(thing, 'shelfName')]).toMatchObject([{ ids: [3] }, null, 'new']);
  });

  test('drafts that company-dependent references lead to are saved with those that refer to them', async () => {
    const [first, second] = ['first', 'second'].map((name) => env.model('shelf').new({ name }));
    const draft = env.model('thing').new({ name: 'lamp', shelf: first });
    draft.withEnv(of(2)).set('shelf', second);
    const plain = env.model('thing').new({ name: 'stool', shelf: first });
    const [lamp, stool] = (await draft.union(plain).save()).ids as number[];
    await anew();
    const names = async (id: number): Promise<unknown> => [await get(env.model('thing').browse(id), 'shelfName'), await get(env.model('thing').browse(id), 'shelfName', of(2))];
    expect([await names(lamp as number), await names(stool as number)]).toEqual([['first', 'second'], ['first', null]]);
    expect(await env.model('shelf').count()).toBe(4);
    await tx.cache.check(env);
  });

  test('drafts that refer to each other and to themselves, each company in its own way, are saved together', async () => {
    const [one, two] = ['one', 'two'].map((name) => env.model('thing').new({ name })) as [RecordSet, RecordSet];
    one.set('peer', two);
    one.withEnv(of(2)).set('peer', one);
    two.set('peer', one);
    two.withEnv(of(2)).set('peer', null);
    const [first, second] = (await one.union(two).save()).ids as number[];
    await anew();
    const peers = (id: number | undefined): Promise<unknown> => Promise.all([env, of(2)].map(async (at) => ((await get(env.model('thing').browse(id as number), 'peer', at)) as RecordSet | null)?.id ?? null));
    expect(await peers(first)).toEqual([second, first]);
    expect(await peers(second)).toEqual([first, null]);
    await tx.cache.check(env);
  });

  test('what is required is asked for when a draft is saved, in whichever language it is missing', async () => {
    const draft = env.model('thing').new({ name: 'lamp' });
    draft.withEnv(in_('fr')).set('name', null);
    await expect(draft.save()).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    draft.withEnv(in_('fr')).set('name', 'lampe');
    await draft.save();
  });

  test('what a savepoint takes back, a draft has not been given', async () => {
    const draft = env.model('thing').new({ name: 'lamp' });
    await tx.savepoint(async () => {
      draft.withEnv(in_('fr')).set('name', 'lampe');
      expect(await get(draft, 'name', in_('fr'))).toBe('lampe');
      throw new Error('back');
    }).catch(() => undefined);
    expect(await get(draft, 'name', in_('fr'))).toBe('lamp');
  });
});
