import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { Transaction, type RecordSet } from '../src/index';
import { empty } from './support/everywhere';
import { one, open } from './support/open';

/** Orders with a total and a label that may be written by hand. */
const registry = defineModels({
  customer: { name: char(), rate: integer(), orders: one2many('order', 'customer') },
  order: {
    name: char(), customer: many2one('customer'), lines: one2many('line', 'order'), labels: many2many('label'),
    total: integer({ store: true, readonly: false }), taxed: integer(), size: integer({ store: true }), labelled: char({ store: true, readonly: false }),
  },
  line: { order: many2one('order', { onDelete: 'cascade' }), price: integer(), shown: char({ store: true, readonly: false }) },
  label: { name: char() },
})
  .compute('order', 'total', ['lines.price', 'customer.rate'], (order) => [...order.lines].reduce((sum, { price }) => sum + (price ?? 0), 0) * (order.customer?.rate ?? 1))
  .compute('order', 'taxed', ['total'], (order) => (order.total ?? 0) * 2)
  .compute('order', 'size', ['lines'], (order) => order.lines.length)
  .compute('order', 'labelled', ['labels.name'], (order) => [...order.labels].map(({ name }) => name ?? '').sort().join())
  .compute('line', 'shown', ['price', 'order.name'], (line) => `${line.order?.name ?? ''} ${String(line.price)}`)
  .registry();

const FIELDS = ['name', 'customer', 'lines', 'labels', 'total', 'taxed', 'size', 'labelled'];
const HANDS = ['name', 'customer', 'total', 'labelled'] as const;
const small = fc.nat({ max: 3 });
type Step =
  | { readonly op: 'look' | 'look at lines'; readonly field: number }
  | { readonly op: 'forget' | 'flush' }
  | { readonly op: 'assign' | 'empty'; readonly to: 'origin' | 'draft'; readonly field: number }
  | { readonly op: 'price' | 'hand-written line'; readonly of: 'origin' | 'draft'; readonly which: number }
  | { readonly op: 'add' | 'take away' | 'label'; readonly of: 'origin' | 'draft'; readonly which: number }
  | { readonly op: 'rate' | 'delete line' | 'delete label' | 'move line'; readonly which: number };

const looks = fc.oneof(
  fc.record({ op: fc.constantFrom('look' as const, 'look at lines' as const), field: fc.nat({ max: FIELDS.length - 1 }) }),
  fc.record({ op: fc.constantFrom('forget' as const, 'flush' as const) }),
);
const side = fc.constantFrom('origin' as const, 'draft' as const);
const deeds: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('assign' as const, 'assign' as const, 'assign' as const, 'empty' as const), to: side, field: small }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('price' as const, 'hand-written line' as const), of: side, which: small }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('add' as const, 'take away' as const, 'label' as const), of: side, which: small }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('rate' as const, 'delete line' as const, 'delete label' as const, 'move line' as const), which: small }) },
);

/** A form on an order: the draft, and the record behind it. */
class Form {
  readonly #tx: Transaction;
  readonly #draft: RecordSet;
  #serial = 0;

  constructor(tx: Transaction) {
    this.#tx = tx;
    this.#draft = tx.env.model('order').new({}, { origin: 1 });
  }

  async do(step: Step): Promise<void> {
    const tx = this.#tx;
    const of = (which: 'origin' | 'draft'): RecordSet => (which === 'draft' ? this.#draft : one(tx, 'order', 1));
    switch (step.op) {
      case 'look':
        return tx.run(() => void this.#draft.get(FIELDS[step.field] ?? ''));
      case 'look at lines':
        return tx.run(() => [...this.#lines(this.#draft)].forEach((line) => { line.get('shown'); }));
      case 'forget':
        tx.cache.invalidate();
        return;
      case 'flush':
        return tx.flush();
      case 'empty':
        return of(step.to).write({ [step.field % 2 === 0 ? 'name' : 'customer']: null });
      case 'assign': {
        const field = HANDS[step.field] ?? 'name';
        const customer = await tx.run(() => of(step.to).get('customer') as RecordSet | null);
        return of(step.to).write({ [field]: field === 'customer' ? (Number(customer?.id ?? 0) % 3) + 1 : field === 'total' ? this.#next() : `w${String(this.#next())}` });
      }
      case 'price': case 'hand-written line':
        return tx.run(() => this.#lines(of(step.of)).at(step.which)?.set(step.op === 'price' ? 'price' : 'shown', step.op === 'price' ? this.#next() : `l${String(this.#next())}`));
      case 'add':
        return of(step.of).write({ lines: [{ create: { price: step.which } }] });
      case 'take away': {
        const line = await tx.run(() => this.#lines(of(step.of)).at(step.which));
        return line && of(step.of).write({ lines: [{ [step.of === 'draft' ? 'unlink' : 'delete']: line.id }] });
      }
      case 'label':
        return (await one(tx, 'label', (step.which % 2) + 1).exists()).length > 0 ? of(step.of).write({ labels: [{ link: (step.which % 2) + 1 }] }) : undefined;
      case 'rate':
        return one(tx, 'customer', (step.which % 3) + 1).write({ rate: this.#next() });
      case 'delete line': {
        const line = await tx.run(() => this.#lines(one(tx, 'order', 1)).at(step.which));
        return line?.unlink();
      }
      case 'delete label':
        return one(tx, 'label', (step.which % 2) + 1).unlink();
      case 'move line': {
        const line = await tx.run(() => this.#lines(one(tx, 'order', 1)).at(step.which));
        return line?.write({ order: 2 });
      }
    }
  }

  /** Everything that can be read of the draft; lines as what they say, in any order. */
  see(): Promise<unknown> {
    return this.#tx.run(() => ({
      ...Object.fromEntries(['name', 'total', 'taxed', 'size', 'labelled'].map((field) => [field, this.#draft.get(field)])),
      customer: (this.#draft.get('customer') as RecordSet | null)?.id,
      lines: [...this.#lines(this.#draft)].map((line) => `${String(line.get('price'))} ${String(line.get('shown'))}`).sort(),
      labels: [...(this.#draft.get('labels') as RecordSet)].map((label) => label.get('name')).sort(),
    }));
  }

  /** Never twice the same: what equal values do is another law's subject. */
  #next(): number {
    this.#serial += 1;
    return 100 + this.#serial;
  }

  #lines(order: RecordSet): RecordSet {
    const lines = order.get('lines') as RecordSet;
    return lines.sorted((line) => Number(typeof line.id === 'object' ? (line.id.origin ?? 1000) : line.id));
  }
}

/** The same deeds in a new world, with or without looking on the way. */
async function after(steps: readonly Step[], isWarm: boolean, begin: () => Promise<Transaction> = async () => (await open(registry)).tx): Promise<unknown> {
  const tx = await begin();
  await tx.env.model('customer').create([{ rate: 1 }, { rate: 2 }, { rate: 3 }]);
  await tx.env.model('label').create([{ name: 'red' }, { name: 'blue' }]);
  await tx.env.model('order').create([{ name: 'o', customer: 2, labels: [1], lines: [{ create: { price: 1 } }, { create: { price: 2 } }] }, { name: 'other' }]);
  await one(tx, 'order', 1).write({ total: 50 });
  await one(tx, 'line', 1).write({ shown: 'by hand' });
  await tx.flush();
  tx.clear();
  if (isWarm) await one(tx, 'order', 1).load([...FIELDS, 'lines.price', 'lines.shown', 'customer.rate', 'labels.name']);
  const form = new Form(tx);
  for (const step of steps) await form.do(step);
  const seen = await form.see();
  expect(await form.see()).toEqual(seen);
  await tx.rollback();
  return seen;
}

const isDeed = ({ op }: Step): boolean => !['look', 'look at lines', 'forget', 'flush'].includes(op);

test('law: for every script of edits to a record and to a draft of it, what the draft shows does not depend on what was looked at, forgotten, flushed or loaded before', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof({ weight: 2, arbitrary: deeds }, { weight: 1, arbitrary: looks }), { maxLength: 10 }), async (steps) => {
    const plain = await after(steps.filter(isDeed), true);
    expect(await after(steps, true)).toEqual(plain);
    expect(await after(steps, false)).toEqual(plain);
  }), { numRuns: lawRuns(150) });
}, 120_000);

test.each(['PGlite', 'PostgreSQL'])('law: it does not on %s either', async (name) => {
  const database = name === 'PostgreSQL' ? await createDatabase() : undefined;
  const storage = database ? postgres(database.url) : pglite();
  const { schema } = registry;
  const begin = async (): Promise<Transaction> => {
    await empty(storage, schema);
    return new Transaction({ registry, session: await storage.open({ schema }), rung: new StorageRung() });
  };
  try {
    await storage.migrate(schema);
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof({ weight: 2, arbitrary: deeds }, { weight: 1, arbitrary: looks }), { maxLength: 10 }), async (steps) => {
      const plain = await after(steps.filter(isDeed), true);
      expect(await after(steps, false, begin)).toEqual(plain);
    }), { numRuns: lawRuns(15) });
  } finally {
    await storage.close();
    await database?.drop();
  }
}, 120_000);
