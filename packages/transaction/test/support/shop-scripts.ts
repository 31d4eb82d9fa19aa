import { EVERYTHING, OrmoluError, type Storage } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import * as fc from 'fast-check';
import { Transaction, type RecordSet } from '../../src/index';
import { shop } from './shop';
import { modelOf, ShopReference, type Command } from './shop-reference';

const small = fc.nat({ max: 11 });
const kinds = fc.constantFrom('create', 'create', 'update', 'delete', 'link', 'unlink', 'set', 'clear');
const commands = fc.array(fc.tuple(kinds, small, small), { minLength: 1, maxLength: 4 });
const list = fc.constantFrom('lines' as const, 'notes' as const, 'labels' as const);
type Picked = readonly (readonly [kind: string, a: number, b: number])[];

/** One thing that a script does, in the engine and in the reference. */
export type ShopStep =
  | { readonly op: 'create' | 'draft'; readonly customer: number; readonly lines: number; readonly notes: number; readonly labels: readonly number[]; readonly edit: number }
  | { readonly op: 'list' | 'edit copy'; readonly order: number; readonly list: 'lines' | 'notes' | 'labels'; readonly commands: Picked }
  | { readonly op: 'assign' | 'write'; readonly field: number; readonly which: number; readonly pick: number }
  | { readonly op: 'copy' | 'unlink'; readonly model: string; readonly which: number }
  | { readonly op: 'flush' | 'invalidate' | 'read' }
  | { readonly op: 'savepoint'; readonly flush: boolean; readonly end: 'release' | 'rollback'; readonly steps: readonly ShopStep[] };

const { step } = fc.letrec<{ step: ShopStep }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('create' as const, 'draft' as const), customer: small, lines: fc.nat({ max: 2 }), notes: fc.nat({ max: 2 }), labels: fc.array(small, { maxLength: 3 }), edit: small }) },
    { weight: 8, arbitrary: fc.record({ op: fc.constantFrom('list' as const, 'list' as const, 'edit copy' as const), order: small, list, commands }) },
    { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('assign' as const, 'write' as const), field: small, which: small, pick: small }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('copy' as const), model: fc.constant('order'), which: small }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('unlink' as const), model: fc.constantFrom('order', 'line', 'label', 'customer'), which: small }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('flush' as const, 'invalidate' as const, 'read' as const) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('savepoint' as const), flush: fc.boolean(), end: fc.constantFrom('release' as const, 'rollback' as const), steps: fc.array(tie('step'), { maxLength: 5 }) }) },
  ),
}));

export const shopScripts: fc.Arbitrary<readonly (readonly ShopStep[])[]> = fc.array(fc.array(step, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 2 });

class RolledBack extends Error {}

const WRITTEN: readonly (readonly [model: string, field: string])[] = [['line', 'price'], ['line', 'quantity'], ['line', 'order'], ['note', 'order'], ['order', 'customer'], ['label', 'name'], ['order', 'name']];
const RELATED: Readonly<Record<string, string>> = { order: 'order', customer: 'customer' };

class Shopping {
  readonly tx: Transaction;
  reference: ShopReference;
  serial: number;

  constructor(tx: Transaction, reference: ShopReference, serial: number) {
    this.tx = tx;
    this.reference = reference;
    this.serial = serial;
  }

  async perform(steps: readonly ShopStep[]): Promise<void> {
    for (const one of steps) {
      await this.one(one);
      await this.compare('plain');
    }
  }

  async one(one: ShopStep): Promise<void> {
    switch (one.op) {
      case 'create':
      case 'draft':
        return this.make(one);
      case 'list':
      case 'edit copy':
        return this.list(one);
      case 'assign':
      case 'write':
        return this.write(one);
      case 'copy':
      case 'unlink':
        return this.whole(one);
      case 'flush':
        return this.tx.flush();
      case 'invalidate':
        this.tx.cache.invalidate();
        return;
      case 'read':
        return this.compare('run');
      case 'savepoint':
        return this.savepoint(one);
    }
  }

  async make({ op, customer, lines, notes, labels, edit }: Extract<ShopStep, { edit: number }>): Promise<void> {
    const { reference } = this;
    const given = {
      lines: Array.from({ length: lines }, (_, n): Command => ({ create: { product: this.name(), price: n + 1, quantity: 2 } })),
      notes: Array.from({ length: notes }, (): Command => ({ create: { text: this.name() } })),
      labels: labels.flatMap((n): Command[] => (n % 4 === 0 ? [{ create: { name: this.name() } }] : this.pick('label', n).map((id) => ({ link: id })))),
    };
    const name = this.name();
    const values = { name, customer: this.pick('customer', customer)[0] ?? null, ...given };
    if (op === 'create') await this.tx.env.model('order').create(values);
    else {
      const draft = this.tx.env.model('order').new(values);
      const [line] = draft.get('lines') as RecordSet;
      if (line) {
        line.set('price', edit);
        (given.lines[0]?.['create'] as Record<string, unknown>)['price'] = edit;
        expect(draft.get('total')).toBe(given.lines.reduce((sum, { create }) => sum + 2 * (create as { price: number }).price, 0));
      }
      await draft.save();
    }
    const [id = -1] = await this.idsOf('order', [name]);
    reference.insert('order', id, { name, customer: values.customer });
    for (const [of, steps] of Object.entries(given)) reference.write(id, { list: of, commands: steps, created: await this.created(of, steps) });
  }

  async list({ op, order, list: of, commands: picked }: Extract<ShopStep, { commands: Picked }>): Promise<void> {
    const [id] = this.pick('order', order);
    if (id === undefined) return;
    const model = modelOf(of);
    const seen = new Set<number>();
    const replaced = picked.findLastIndex(([kind]) => kind === 'set' || kind === 'clear');
    const steps = picked.flatMap(([kind, a, b], place): Command[] => {
      // Nobody creates a record for a list and then says that it holds others.
      if (kind === 'create' && place < replaced) return [];
      if (kind === 'create') return [{ create: model === 'line' ? { product: this.name(), price: a, quantity: b } : model === 'note' ? { text: this.name() } : { name: this.name() } }];
      if (kind === 'clear') return [{ clear: true }];
      // Edited copies know the members of their own list.
      const known = op === 'list' ? this.reference.ids(model) : this.reference.members(of, id);
      const [one, two] = [a, b].map((n) => known[n % Math.max(1, known.length)]);
      if (one === undefined || two === undefined) return [];
      if (kind === 'set') return [{ set: [...new Set([one, two])] }];
      // What is deleted is gone, for later commands, too.
      if (seen.has(one)) return [];
      if (kind === 'delete') seen.add(one);
      if (kind !== 'update') return [{ [kind]: one }];
      return [{ update: [one, model === 'line' ? { price: b } : model === 'note' ? { text: this.name() } : { name: this.name() }] }];
    });
    const deleted = steps.flatMap(({ delete: gone }) => (gone === undefined ? [] : [gone as number]));
    const clean = steps.filter((one) => !Object.values(one).flat().some((value) => deleted.includes(value as number)) || 'delete' in one);
    if (op === 'list') await this.tx.env.model('order').browse(id).write({ [of]: clean });
    else {
      // What an edited copy deletes only leaves its list; and what leaves the list is not saved, nor can it be given values.
      const isLeft = clean.some((one) => 'unlink' in one || 'set' in one || 'clear' in one);
      if (clean.some((one) => 'delete' in one || ('update' in one && isLeft))) return;
      const draft = this.tx.env.model('order').new({}, { origin: id });
      await draft.load([of, 'total']);
      await draft.write({ [of]: clean });
      await draft.save();
    }
    this.reference.write(id, { list: of, commands: clean, created: await this.created(of, clean) });
  }

  async write({ op, field: at, which, pick }: Extract<ShopStep, { op: 'assign' | 'write' }>): Promise<void> {
    const [model, field] = WRITTEN[at % WRITTEN.length] ?? ['line', 'price'];
    const [id] = this.pick(model, which);
    if (id === undefined) return;
    const comodel = RELATED[field];
    const [related = null] = comodel ? this.pick(comodel, pick) : [];
    if (field === 'order' && model === 'line' && related === null) return;
    const value = comodel ? related : field === 'name' ? this.name() : pick;
    const record = this.tx.env.model(model).browse(id);
    if (op === 'write') await record.write({ [field]: value });
    else record.set(field, comodel && related !== null ? this.tx.env.model(comodel).browse(related) : value);
    this.reference.row(model, id)[field] = value;
  }

  async whole({ op, model, which }: Extract<ShopStep, { model: string }>): Promise<void> {
    const [id] = this.pick(model, which);
    if (id === undefined) return;
    const record = this.tx.env.model(model).browse(id);
    if (op === 'copy') {
      const name = this.name();
      const [copied] = (await record.copy({ name })).ids;
      const { customer, labels } = this.reference.row('order', id);
      this.reference.insert('order', copied as number, { name, customer, labels: new Set(labels as Set<number>) });
      return;
    }
    const attempt = this.tx.savepoint(() => record.unlink());
    if (model === 'customer' && this.reference.members('orders', id).length > 0) await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
    else {
      await attempt;
      this.reference.remove(model, id);
    }
  }

  async savepoint({ flush, end, steps }: Extract<ShopStep, { op: 'savepoint' }>): Promise<void> {
    const before = structuredClone(this.reference.rows);
    try {
      await this.tx.savepoint(async () => {
        await this.perform(steps);
        if (end === 'rollback') throw new RolledBack();
      }, { flush });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      this.reference.rows = before;
    }
  }

  /** The ids of what commands created. */
  created(of: string, steps: readonly Command[]): Promise<readonly number[]> {
    const names = steps.flatMap(({ create }) => (create === undefined ? [] : [Object.values(create as object)[0] as string]));
    return this.idsOf(modelOf(of), names);
  }

  /** Asked of the database itself: the engine must not be brought to flush. */
  async idsOf(model: string, names: readonly string[]): Promise<readonly number[]> {
    const field = model === 'line' ? 'product' : model === 'note' ? 'text' : 'name';
    const answer = await this.tx.session.query({ model, filter: EVERYTHING, fields: [field] });
    return names.map((name) => answer.ids[answer.columns[0]?.indexOf(name) ?? -1] as number);
  }

  /** Reads every field of every record; plain reads answer the truth or say that they cannot. */
  async compare(way: 'run' | 'plain'): Promise<void> {
    for (const model of Object.keys(this.reference.rows)) {
      const ids = this.reference.ids(model);
      const read = (): unknown[] => [...this.tx.env.model(model).browse(ids)].map((record) => this.shown(record, way));
      const wanted = ids.map((id) => this.reference.shown(model, id));
      const found = way === 'run' ? await this.tx.env.run(read) : read();
      expect(found).toEqual(way === 'run' ? wanted : found.map((record, place) => ({ ...wanted[place], ...Object.fromEntries(Object.entries(record as object).filter(([, value]) => value === UNKNOWN)) })));
    }
  }

  shown(record: RecordSet, way: 'run' | 'plain'): Record<string, unknown> {
    return Object.fromEntries(Object.keys(this.reference.shown(record.model, record.id as number)).map((field) => {
      try {
        const value = record.get(field);
        const { relation } = this.tx.registry.field(record.model, field);
        return [field, !relation ? value : relation.kind === 'many2one' ? ((value as RecordSet | null)?.id ?? null) : new Set((value as RecordSet).ids)];
      } catch (error) {
        if (way === 'run' || !OrmoluError.is(error) || !['TX_NOT_LOADED', 'TX_TRIGGER_PENDING'].includes(error.code)) throw error;
        return [field, UNKNOWN];
      }
    }));
  }

  name(): string {
    this.serial += 1;
    return `n${String(this.serial)}`;
  }

  pick(model: string, which: number): readonly number[] {
    const ids = this.reference.ids(model);
    const id = ids[which % Math.max(1, ids.length)];
    return id === undefined ? [] : [id];
  }
}

const UNKNOWN = Symbol('not in memory');

/** Does work in a transaction, and commits. */
export type Shop = (work: (tx: Transaction) => Promise<void>) => Promise<void>;

/** Transactions straight on a storage, with no rung between. */
export function shopOn(storage: Storage): Shop {
  const registry = shop.registry();
  return async (work) => {
    const session = await storage.open({ schema: registry.schema });
    try {
      const tx = new Transaction({ registry, session, rung: new StorageRung() });
      await work(tx);
      await tx.commit();
    } finally {
      await session.rollback();
    }
  };
}

/** Performs scripts one transaction after the other, on the engine and in the reference, and compares what can be read in each and at the end. */
export async function goShopping(transaction: Shop, scripts: readonly (readonly ShopStep[])[]): Promise<void> {
  const reference = new ShopReference();
  let serial = 0;
  for (const steps of [[], ...scripts, []]) {
    await transaction(async (tx) => {
      const shopping = new Shopping(tx, reference, serial);
      if (serial === 0) {
        for (const model of ['customer', 'label']) {
          for (let n = 0; n < 2; n += 1) {
            const name = shopping.name();
            reference.insert(model, (await shopping.tx.env.model(model).create({ name })).ids[0] as number, { name });
          }
        }
        await shopping.one({ op: 'create', customer: 0, lines: 2, notes: 1, labels: [1], edit: 0 });
      }
      await shopping.perform(steps);
      await shopping.compare('run');
      ({ serial } = shopping);
    });
  }
}
