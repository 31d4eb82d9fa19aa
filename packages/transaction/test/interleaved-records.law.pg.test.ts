import { isStoredId, type StoredId } from '@ormolu/kernel';
import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import * as fc from 'fast-check';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one, storedColumns } from './support/open';

/** Nothing here may be written by hand: all that is computed is a function of the rest of the database. */
const registry = defineModels({
  order: { rate: integer(), lines: one2many('line', 'order'), sum: integer({ store: true }), size: integer({ store: true, precompute: true }), free: integer() },
  line: {
    qty: integer(), order: many2one('order', { onDelete: 'cascade' }), tags: many2many('tag'), name: char(), shout: char({ readonly: false }), letters: integer({ store: true, precompute: true }),
    cost: integer({ store: true, precompute: true }), share: integer({ store: true }), place: integer({ store: true, precompute: true }), weight: integer({ store: true }),
  },
  tag: { weight: integer(), lines: many2many('line'), heavy: integer({ store: true }) },
})
  .compute('order', 'sum', ['lines.qty'], (order) => [...order.lines].reduce((sum, { qty }) => sum + (qty ?? 0), 0))
  .compute('order', 'size', ['lines'], (order) => order.lines.length)
  .compute('order', 'free', ['sum', 'rate'], (order) => (order.sum ?? 0) + (order.rate ?? 0))
  .compute('line', 'cost', ['qty', 'order.rate'], (line) => (line.qty ?? 0) * (line.order?.rate ?? 0))
  .compute('line', 'share', ['qty', 'order.sum'], (line) => (line.qty ?? 0) - (line.order?.sum ?? 0))
  .compute('line', 'place', ['order.lines'], (line) => line.order?.lines.length ?? 0)
  .compute('line', 'weight', ['tags.weight'], (line) => [...line.tags].reduce((sum, { weight }) => sum + (weight ?? 0), 0))
  .compute('line', 'shout', ['name'], (line) => `${line.name ?? ''}!`)
  .inverse('line', 'shout', (line) => { line.name = (line.shout ?? '').slice(0, -1); })
  .compute('line', 'letters', ['name'], (line) => (line.name ?? '').length)
  .compute('tag', 'heavy', ['lines.qty', 'weight'], (tag) => [...tag.lines].reduce((sum, { qty }) => sum + (qty ?? 0), tag.weight ?? 0))
  .registry();

const PLAIN = { order: ['rate'], line: ['qty', 'order', 'name'], tag: ['weight'] } as const;
const STORED = { order: ['sum', 'size'], line: ['cost', 'share', 'place', 'weight', 'letters'], tag: ['heavy'] } as const;
const MODELS = ['order', 'line', 'tag'] as const;
type ModelName = (typeof MODELS)[number];
type Rows = Readonly<Record<ModelName, ReadonlyMap<StoredId, Readonly<Record<string, unknown>>>>>;

const small = fc.nat({ max: 5 });
const call = fc.record({
  op: fc.constantFrom('create' as const, 'create' as const, 'nested' as const, 'unlink' as const, 'unlink' as const, 'assign' as const, 'assign' as const, 'write' as const, 'load' as const, 'load' as const, 'run' as const, 'search' as const, 'tags' as const),
  model: fc.constantFrom<ModelName>('order', 'line', 'line', 'tag'), which: small, value: small,
  /** How many turns later than the others it begins. */
  delay: fc.nat({ max: 24 }),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** Some calls, made in one transaction whose ids are known. */
class Script {
  readonly #tx: Transaction;
  readonly #ids: Record<ModelName, StoredId[]>;

  constructor(tx: Transaction, ids: Record<ModelName, StoredId[]>) {
    this.#tx = tx;
    this.#ids = ids;
  }

  async make({ op, model, which, value }: Call): Promise<void> {
    const { env } = this.#tx;
    const id = this.#any(model, which);
    const order = value % 4 === 3 ? null : (this.#any('order', value) ?? null);
    const values = { order: { rate: value }, line: value % 2 === 0 ? { qty: value, order } : { name: 'n'.repeat(value) }, tag: { weight: value } }[model];
    const computed = STORED[model][which % STORED[model].length] ?? '';
    if (op === 'create') await env.model(model).create(model === 'line' ? [{ qty: value, order, tags: this.#ids.tag.slice(0, 1), shout: `${'s'.repeat(value)}!` }, { qty: 1, order, name: 'nn' }] : values);
    else if (op === 'nested') await env.model('order').create({ rate: value, lines: [{ create: { qty: value, tags: [{ create: { weight: value } }] } }, { create: { qty: 1 } }] });
    else if (op === 'search') await env.model(model).search({ [computed]: value });
    else if (id === undefined) return;
    else if (op === 'unlink') await one(this.#tx, model, id).unlink();
    else if (op === 'write') await one(this.#tx, model, id).write(values);
    else if (op === 'tags' && this.#ids.tag.length > 0) await one(this.#tx, 'line', this.#any('line', which) ?? 0).write({ tags: [value % 2 === 0 ? { link: this.#any('tag', value) ?? 0 } : { unlink: this.#any('tag', value) ?? 0 }] });
    else if (op === 'load') await env.model(model).browse(this.#ids[model]).load(model === 'order' ? [computed, 'free'] : [computed]);
    else if (op === 'run') await this.#tx.run(() => { for (const record of env.model(model).browse(this.#ids[model])) record.get(computed); });
    else for (const [name, given] of Object.entries(values)) one(this.#tx, model, id).set(name, name === 'order' && given !== null ? one(this.#tx, 'order', Number(given)) : given);
  }

  #any(model: ModelName, which: number): StoredId | undefined {
    const ids = this.#ids[model];
    return ids[which % ids.length];
  }
}

/** What overlapping calls may be refused with, for being made at once or because one deletes what the other names. */
const REFUSALS = ['TX_OVERLAP', 'TX_RECORD_MISSING', 'STORAGE_FOREIGN_KEY'];

async function rowsOf(tx: Transaction): Promise<Rows> {
  const rows: Partial<Record<ModelName, Rows[ModelName]>> = {};
  for (const model of MODELS) {
    const ids = (await tx.env.model(model).search({})).ids.filter(isStoredId);
    const names = [...PLAIN[model], ...STORED[model]];
    const columns = await storedColumns(tx, model, ids, names);
    rows[model] = new Map(ids.map((id, row) => [id, Object.fromEntries(names.map((name, place) => [name, columns[place]?.[row]]))]));
  }
  return rows as Rows; // every model has its rows now
}

/** What should be stored, from what the columns hold that are not computed. */
function expected({ order, line, tag }: Rows, pairs: ReadonlyMap<StoredId, readonly unknown[]>): unknown {
  const number = (value: unknown): number => Number(value ?? 0);
  const linesOf = (id: unknown): readonly Readonly<Record<string, unknown>>[] => [...line.values()].filter((row) => row['order'] === id);
  const sumOf = (id: unknown): number => linesOf(id).reduce((sum, { qty }) => sum + number(qty), 0);
  return {
    order: [...order.keys()].map((id) => ({ sum: sumOf(id), size: linesOf(id).length })),
    line: [...line].map(([id, { qty, name, order: of }]) => ({
      cost: number(qty) * number(order.get(of as StoredId)?.['rate']), share: number(qty) - (of === null ? 0 : sumOf(of)), place: of === null ? 0 : linesOf(of).length, // a reference's column holds an id
      weight: (pairs.get(id) ?? []).reduce<number>((sum, member) => sum + number(tag.get(member as StoredId)?.['weight']), 0), letters: typeof name === 'string' ? name.length : 0, // as does a list
    })),
    tag: [...tag].map(([id, { weight }]) => ({ heavy: [...line].reduce((sum, [own, { qty }]) => sum + ((pairs.get(own) ?? []).includes(id) ? number(qty) : 0), number(weight)) })),
  };
}

function computedIn(rows: Rows): unknown {
  return Object.fromEntries(MODELS.map((model) => [model, [...rows[model].values()].map((row) => Object.fromEntries(STORED[model].map((name) => [name, row[name]])))]));
}

everywhere(registry, ({ open, runs }) => {
  test('law: whatever calls create, delete, write and read at once, what is stored in the end is what follows from the rest', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(call, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }), fc.boolean(), async (script, isWarm) => {
      const { tx } = await open();
      try {
        await tx.env.model('tag').create([{ weight: 1 }, { weight: 2 }]);
        await tx.env.model('order').create([{ rate: 1, lines: [{ create: { qty: 1, tags: [1] } }, { create: { qty: 2, tags: [1, 2] } }] }, { rate: 2, lines: [{ create: { qty: 3 } }] }]);
        await tx.flush();
        if (!isWarm) tx.clear();
        for (const calls of script) {
          const found = await rowsOf(tx);
          const at = new Script(tx, { order: [...found.order.keys()], line: [...found.line.keys()], tag: [...found.tag.keys()] });
          const outcomes = await Promise.allSettled(calls.map(async (each) => {
            for (let turn = 0; turn < each.delay; turn += 1) await Promise.resolve();
            await at.make(each);
          }));
          for (const outcome of outcomes) if (outcome.status === 'rejected' && !REFUSALS.includes((outcome.reason as { code?: string }).code ?? '')) throw outcome.reason;
          try {
            await tx.flush();
          } catch (error) {
            // What was written by hand refers to what another call has deleted.
            expect(error).toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
            return;
          }
          const rows = await rowsOf(tx);
          const lines = [...rows.line.keys()];
          await tx.env.model('line').browse(lines).load(['tags']);
          const pairs = new Map(lines.map((id) => [id, (one(tx, 'line', id).get('tags') as RecordSet).ids])); // what a list field gives
          expect(computedIn(rows)).toEqual(expected(rows, pairs));
        }
      } finally {
        await tx.rollback();
      }
    }), { numRuns: runs(300, 20) });
  }, 300_000);
});
