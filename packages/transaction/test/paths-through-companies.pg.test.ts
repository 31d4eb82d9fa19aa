import { char, defineModels, many2one, reference, related } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  company: { name: char() },
  country: { name: char() },
  base: { p: char(), title: char({ translate: true }), country: many2one('country') },
  own: {
    base: many2one('base', { companyDependent: true }),
    p: related('base.p'),
    label: char({ dependsContext: ['company'] }),
    far: char({ dependsContext: ['company'] }),
    title: related('main.title', { readonly: false }),
    shout: char({ dependsContext: ['lang'] }),
    main: many2one('base'),
    about: reference(['base']),
    text: char({ store: true }),
  },
})
  .compute('own', 'label', ['base.p'], (own) => `<${own.base?.p ?? ''}>`)
  .compute('own', 'far', ['base.country.name'], (own) => own.base?.country?.name ?? '-')
  .compute('own', 'shout', ['title'], (own) => `${own.title ?? ''}!`)
  .compute('own', 'text', ['about'], (own) => (own.about ? own.about.model : 'nothing'));

everywhere(models.registry(), ({ begin }) => {
  let tx: Transaction;
  let bases: RecordSet;
  let own: RecordSet;

  beforeEach(async () => {
    tx = await begin({ companies: 'company' });
    await tx.env.model('company').create([{ name: 'one' }, { name: 'two' }]);
    const countries = await tx.env.model('country').create([{ name: 'BE' }, { name: 'NL' }]);
    bases = await tx.env.model('base').create([{ p: 'a', title: 'A', country: countries.at(0) }, { p: 'b', title: 'B', country: countries.at(1) }]);
    own = await as(1).model('own').create({ base: bases.at(0), main: bases.at(0) });
    await own.withEnv(as(2)).write({ base: bases.at(1) });
    await tx.flush();
    tx.clear();
  });

  const as = (company: number): Transaction['env'] => tx.env.withContext({ allowedCompanyIds: [company] });
  const inLanguage = (lang: string): RecordSet => own.withEnv(tx.env.withContext({ lang }));
  /** What both companies see. */
  const shown = async (): Promise<readonly string[]> => {
    const seen: string[] = [];
    for (const company of [1, 2]) for (const { p, label, far } of await own.withEnv(as(company)).read(['p', 'label', 'far'])) seen.push([p, label, far].join());
    return seen;
  };
  /** The same, when nothing is in memory. */
  const stored = async (): Promise<readonly string[]> => {
    await tx.flush();
    tx.clear();
    return shown();
  };

  test.each([false, true])('what is computed through a value of a company follows the far end; the relation forgotten meanwhile: %s', async (isForgotten) => {
    expect(await shown()).toEqual(['a,<a>,BE', 'b,<b>,NL']);
    if (isForgotten) {
      own.invalidate(['base']);
      await own.withEnv(as(1)).load(['base']);
    }
    await bases.browse(2).write({ p: 'new' });
    const seen = await shown();
    expect(seen).toEqual(['a,<a>,BE', 'new,<new>,NL']);
    expect(await stored()).toEqual(seen);
  });

  test('also over two records, the nearer of which is not in memory', async () => {
    await shown();
    bases.invalidate(['country']);
    await tx.env.model('country').browse(2).write({ name: 'Netherlands' });
    const seen = await shown();
    expect(seen).toEqual(['a,<a>,BE', 'b,<b>,Netherlands']);
    expect(await stored()).toEqual(seen);
  });

  test('a function that ran on values in memory sees what was changed in the same function', async () => {
    await shown();
    await bases.load(['p']);
    const [before, after] = await tx.run(() => {
      const one = own.withEnv(as(2));
      const first = one.get('label');
      bases.at(1)?.set('p', 'later');
      return [first, one.get('label')];
    });
    expect([before, after]).toEqual(['<b>', '<later>']);
  });

  test('a related text that is written in the source language is seen in those that follow it, by who reads it and by who computes from it', async () => {
    const seen = async (lang: string): Promise<unknown> => (await inLanguage(lang).read(['title', 'shout'])).map(({ title, shout }) => [title, shout].join())[0];
    await bases.at(0)?.withEnv(tx.env.withContext({ lang: 'fr' })).write({ title: 'F' });
    expect([await seen('en_US'), await seen('nl'), await seen('fr')]).toEqual(['A,A!', 'A,A!', 'F,F!']);
    await inLanguage('en_US').write({ title: 'Z' });
    expect([await seen('en_US'), await seen('nl'), await seen('fr')]).toEqual(['Z,Z!', 'Z,Z!', 'F,F!']);
    await inLanguage('nl').write({ title: 'N' });
    expect([await seen('en_US'), await seen('nl'), await seen('fr')]).toEqual(['Z,Z!', 'N,N!', 'F,F!']);
    await tx.flush();
    tx.clear();
    expect([await seen('en_US'), await seen('nl'), await seen('fr')]).toEqual(['Z,Z!', 'N,N!', 'F,F!']);
  });

  test.each([false, true])('a text that a language was first asked for in a savepoint goes with the text of the source that it followed; written there: %s', async (isFlushed) => {
    const french = tx.env.withContext({ lang: 'fr' });
    const title = async (): Promise<unknown> => [(await bases.at(0)?.read(['title']))?.[0]?.['title'], (await bases.at(0)?.withEnv(french).read(['title']))?.[0]?.['title'], await inLanguage('fr').read(['title', 'shout'])];
    await expect(tx.savepoint(async () => {
      await bases.at(0)?.write({ title: 'B' });
      if (isFlushed) await tx.flush();
      expect(await title()).toMatchObject(['B', 'B', [{ title: 'B', shout: 'B!' }]]);
      throw new Error('taken back');
    })).rejects.toThrow('taken back');
    expect(await title()).toMatchObject(['A', 'A', [{ title: 'A', shout: 'A!' }]]);
  });

  test('a draft refers to a record that is deleted no longer', async () => {
    const draft = tx.env.model('own').new({ about: bases.at(1) });
    const untouched = tx.env.model('own').new({ about: bases.at(0) });
    expect([draft.get('text'), untouched.get('text')]).toEqual(['base', 'base']);
    await bases.at(1)?.unlink();
    expect([draft.get('about'), draft.get('text'), untouched.get('text')]).toEqual([null, 'nothing', 'base']);
    const saved = await draft.save();
    await tx.flush();
    tx.clear();
    expect(await saved.read(['about', 'text'])).toMatchObject([{ about: null, text: 'nothing' }]);
  });
});
