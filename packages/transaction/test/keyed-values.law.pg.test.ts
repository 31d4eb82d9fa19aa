import { char, defineModels, integer, many2one, related } from '@ormolu/registry';
import * as fc from 'fast-check';
import type { Environment, RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

/** Things with a text for each language and a price for each company, and others that show them. */
const registry = defineModels({
  company: { name: char() },
  thing: { title: char({ translate: true }), note: char({ translate: true }), price: integer({ companyDependent: true }), shout: char({ dependsContext: ['lang'] }), double: integer({ dependsContext: ['company'] }) },
  own: { main: many2one('thing'), title: related('main.title', { readonly: false }), price: related('main.price'), loud: char({ dependsContext: ['lang'] }) },
})
  .compute('thing', 'shout', ['title'], (thing) => `${thing.title ?? ''}!`)
  .compute('thing', 'double', ['price'], (thing) => (thing.price ?? 0) * 2)
  .compute('own', 'loud', ['title'], (own) => `${own.title ?? ''}?`)
  .registry();

const SOURCE = 'en_US';
const LANGS = [SOURCE, 'fr', 'nl'] as const;
const small = fc.nat({ max: 7 });
type Step =
  | { readonly op: 'text' | 'note' | 'price' | 'shown text' | 'draft text' | 'draft price' | 'fresh text' | 'fresh price'; readonly which: number; readonly place: number; readonly value: number; readonly way: 'write' | 'assign' | 'run' }
  | { readonly op: 'main' | 'look' | 'find'; readonly which: number; readonly place: number }
  | { readonly op: 'flush' | 'forget' | 'save' | 'save fresh' }
  | { readonly op: 'savepoint'; readonly flush: boolean; readonly isKept: boolean; readonly steps: readonly Step[] };
const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 9, arbitrary: fc.record({ op: fc.constantFrom('text' as const, 'text' as const, 'note' as const, 'price' as const, 'shown text' as const, 'draft text' as const, 'draft price' as const, 'fresh text' as const, 'fresh price' as const), which: small, place: small, value: small, way: fc.constantFrom('write' as const, 'assign' as const, 'run' as const) }) },
    { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('look' as const, 'look' as const, 'look' as const, 'main' as const, 'find' as const, 'find' as const), which: small, place: small }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('flush' as const, 'forget' as const, 'save' as const, 'save fresh' as const) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('savepoint' as const), flush: fc.boolean(), isKept: fc.boolean(), steps: fc.array(tie('step'), { maxLength: 5 }) }) },
  ),
}));

class RolledBack extends Error {}

type Kept<T> = Readonly<Record<string, T | null>>;
interface Thing { readonly id: number; readonly title: Kept<string>; readonly note: Kept<string>; readonly price: Kept<number> }
/** A draft, and what it was given. */
interface Form extends Pick<Thing, 'title' | 'price'> { readonly record: RecordSet }

/** What there is, worked out by hand. */
interface World {
  readonly things: readonly Thing[];
  readonly mains: readonly (number | null)[];
  /** The draft of the first thing, and one of none. */
  readonly draft: Form;
  readonly fresh: Form;
}

const textOf = (texts: Kept<string>, lang: string): string | null => (lang in texts ? texts[lang] : texts[SOURCE]) ?? null;
/** The first text of a new record is the source's, too. */
const withSource = (texts: Kept<string>): Kept<string> => ({ ...(Object.keys(texts).length > 0 ? { [SOURCE]: Object.values(texts)[0] ?? null } : {}), ...texts });

class Playing {
  readonly #tx: Transaction;
  #world: World;

  constructor(tx: Transaction) {
    this.#tx = tx;
    const things = ['a', 'b'].map((title, place): Thing => ({ id: place + 1, title: { [SOURCE]: title, ...(place === 0 ? { fr: 'A' } : {}) }, note: {}, price: { 1: place } }));
    this.#world = { things, mains: [1, null], draft: this.#form({ origin: 1 }), fresh: this.#form({}) };
  }

  static async begin(tx: Transaction): Promise<Playing> {
    await tx.env.model('company').create([{ name: 'one' }, { name: 'two' }]);
    await tx.env.withContext({ allowedCompanyIds: [1] }).model('thing').create([{ title: 'a', price: 0 }, { title: 'b', price: 1 }]);
    await one(tx, 'thing', 1).withEnv(tx.env.withContext({ lang: 'fr' })).write({ title: 'A' });
    await tx.env.model('own').create([{ main: 1 }, {}]);
    await tx.flush();
    tx.clear();
    return new Playing(tx);
  }

  #form(options: { readonly origin?: number }): Form {
    return { title: {}, price: {}, record: this.#tx.env.model('thing').new({}, options) };
  }

  async perform(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#do(step);
  }

  async #do(step: Step): Promise<void> {
    switch (step.op) {
      case 'flush': return this.#tx.flush();
      case 'forget': this.#tx.cache.invalidate(); return;
      case 'save': case 'save fresh': return this.#save(step.op);
      case 'look': return this.#look(step);
      case 'find': return this.#find(step);
      case 'main': {
        const main = step.place % 3 === 0 ? null : step.place % 3;
        await one(this.#tx, 'own', (step.which % 2) + 1).write({ main });
        this.#world = { ...this.#world, mains: this.#world.mains.map((before, place) => (place === step.which % 2 ? main : before)) };
        return;
      }
      case 'savepoint': return this.#savepoint(step);
      default: return this.#put(step);
    }
  }

  async #savepoint({ flush, isKept, steps }: Step & { readonly op: 'savepoint' }): Promise<void> {
    const before = this.#world;
    await this.#tx.savepoint(async () => {
      await this.perform(steps);
      if (!isKept) throw new RolledBack();
    }, { flush }).catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
      this.#world = before;
    });
  }

  async #put({ op, which, place, value, way }: Extract<Step, { readonly value: number }>): Promise<void> {
    const isPrice = op.endsWith('price');
    const at = isPrice ? String((place % 2) + 1) : LANGS[place % 3] ?? SOURCE;
    const given = value > 5 && op !== 'shown text' ? null : isPrice ? value : `t${String(value)}`;
    const env = this.#tx.env.withContext(isPrice ? { allowedCompanyIds: [Number(at)] } : { lang: at });
    const name = isPrice ? 'price' : op === 'note' ? 'note' : 'title';
    let record: RecordSet;
    if (op.startsWith('draft') || op.startsWith('fresh')) {
      const whose = op.startsWith('draft') ? 'draft' : 'fresh';
      const form = this.#world[whose];
      ({ record } = form);
      this.#world = { ...this.#world, [whose]: { ...form, [name]: { ...form[name as 'title' | 'price'], [at]: given } } }; // a draft is given no notes
    } else {
      const id = op === 'shown text' ? this.#world.mains[which % 2] ?? null : (which % 2) + 1;
      if (id === null) return;
      record = op === 'shown text' ? one(this.#tx, 'own', (which % 2) + 1) : one(this.#tx, 'thing', id);
      this.#change(id, name, at, given);
    }
    record = record.withEnv(env);
    if (way === 'write' || op === 'shown text') await record.write({ [name]: given });
    else if (way === 'assign') record.set(name, given);
    else await this.#tx.run(() => { record.set(name, given); });
  }

  #change(id: number, name: 'title' | 'note' | 'price', at: string, given: unknown): void {
    this.#world = { ...this.#world, things: this.#world.things.map((thing, place) => (place === id - 1 ? { ...thing, [name]: { ...thing[name], [at]: given } } : thing)) };
  }

  async #save(op: 'save' | 'save fresh'): Promise<void> {
    const { draft, fresh, things } = this.#world;
    if (op === 'save') {
      for (const name of ['title', 'price'] as const) for (const [at, value] of Object.entries(draft[name])) this.#change(1, name, at, value);
      await draft.record.save();
      this.#world = { ...this.#world, draft: this.#form({ origin: 1 }) };
      return;
    }
    // A rollback gives no ids back.
    const { ids: [id] } = await fresh.record.save();
    this.#world = { ...this.#world, things: [...things, { title: withSource(fresh.title), note: {}, price: fresh.price, id: id as number }], fresh: this.#form({}) }; // saved records have stored ids
  }

  /** One record under one place, read in a function, or after load. */
  async #look({ which, place }: { readonly which: number; readonly place: number }): Promise<void> {
    const [seen, wanted] = this.#views(LANGS[place % 3] ?? SOURCE, (place % 2) + 1)[which] ?? [];
    if (!seen || !wanted) return;
    const [record, names] = seen;
    if (which > 2) await record.load(names);
    expect([record.model, place, await this.#tx.run(() => names.map((name) => record.get(name)))]).toEqual([record.model, place, wanted]);
  }

  /** Who is found under one place by the text and the price that one of them has there, or that nobody has; and how they are grouped. */
  async #find({ which, place }: { readonly which: number; readonly place: number }): Promise<void> {
    const lang = LANGS[place % 3] ?? SOURCE;
    const company = (place % 2) + 1;
    const { things, mains } = this.#world;
    const env: Environment = this.#tx.env.withContext({ lang, allowedCompanyIds: [company] });
    const shown = things.map(({ id, title, price }) => ({ id, title: textOf(title, lang), price: price[company] ?? null }));
    const owns = mains.map((main, at) => ({ id: at + 1, title: shown[(main ?? 0) - 1]?.title ?? null, price: shown[(main ?? 0) - 1]?.price ?? null }));
    const { title, price } = shown[which] ?? { title: `t${String(which)}`, price: which };
    for (const [model, all] of [['thing', shown], ['own', owns]] as const) {
      const found = async (filter: object): Promise<unknown> => [model, lang, company, filter, (await env.model(model).search(filter, { order: ['id'] })).ids];
      const wanted = (filter: object, is: (one: (typeof shown)[number]) => boolean): unknown => [model, lang, company, filter, all.filter(is).map(({ id }) => id)];
      for (const [filter, is] of [
        [{ title }, (one) => one.title === title], [{ price }, (one) => one.price === price], [{ title: { ne: title } }, (one) => one.title !== title],
        [{ title, price: { isNull: true } }, (one) => one.title === title && one.price === null],
      ] as const satisfies readonly (readonly [object, (one: (typeof shown)[number]) => boolean])[]) expect(await found(filter)).toEqual(wanted(filter, is));
      const groups = new Map<string | null, number>();
      for (const one of all) groups.set(one.title, (groups.get(one.title) ?? 0) + 1);
      expect(new Map((await env.model(model).readGroup({ by: ['title'] })).map(({ by, count }) => [by['title'], count]))).toEqual(groups);
    }
  }

  /** Everything, under every place. */
  async lookAtAll(): Promise<void> {
    for (const lang of LANGS) for (const company of [1, 2]) for (const [[record, names], wanted] of this.#views(lang, company)) {
      expect([record.toString(), lang, company, await this.#tx.run(() => names.map((name) => record.get(name)))]).toEqual([record.toString(), lang, company, wanted]);
    }
  }

  #views(lang: string, company: number): readonly (readonly [[RecordSet, string[]], unknown])[] {
    const env: Environment = this.#tx.env.withContext({ lang, allowedCompanyIds: [company] });
    const { things, mains, draft, fresh } = this.#world;
    const [origin] = things as [Thing];
    const draftText = draft.title[lang] !== undefined ? draft.title[lang] : draft.title[SOURCE] !== undefined && !(lang in origin.title) ? draft.title[SOURCE] : textOf(origin.title, lang);
    const draftPrice = draft.price[company] !== undefined ? draft.price[company] : origin.price[company] ?? null;
    const freshText = textOf(withSource(fresh.title), lang);
    const freshPrice = fresh.price[company] ?? null;
    return [
      ...[...things].reverse().map(({ id, title, note, price }): [[RecordSet, string[]], unknown] => [
        [env.model('thing').browse(id), ['title', 'note', 'price', 'shout', 'double']],
        [textOf(title, lang), textOf(note, lang), price[company] ?? null, `${textOf(title, lang) ?? ''}!`, (price[company] ?? 0) * 2],
      ]),
      ...mains.map((main, place): [[RecordSet, string[]], unknown] => {
        const thing = main === null ? undefined : things[main - 1];
        const text = thing ? textOf(thing.title, lang) : null;
        return [[env.model('own').browse(place + 1), ['title', 'price', 'loud']], [text, thing?.price[company] ?? null, `${text ?? ''}?`]];
      }),
      [[fresh.record.withEnv(env), ['title', 'price', 'shout', 'double']], [freshText, freshPrice, `${freshText ?? ''}!`, (freshPrice ?? 0) * 2]],
      [[draft.record.withEnv(env), ['title', 'price', 'shout', 'double']], [draftText, draftPrice, `${draftText ?? ''}!`, (draftPrice ?? 0) * 2]],
    ];
  }
}

// What memory makes of places, fallbacks and savepoints takes many scripts to find out; a few show that columns of databases keep the same.
everywhere(registry, ({ open, runs }) => {
  test('law: for every script, records and drafts show each language its text or the source\'s, and each company its value', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      const { tx } = await open(registry, { companies: 'company' });
      const playing = await Playing.begin(tx);
      await playing.perform(steps);
      await playing.lookAtAll();
      await tx.flush();
      tx.cache.invalidate();
      await playing.lookAtAll();
      await tx.cache.check(tx.env);
    }), { numRuns: runs(100, 8) });
  });
});
