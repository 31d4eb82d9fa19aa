import { defineModels, integer, many2one, one2many, type Registry } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { open, type Opened } from './support/open';

const stored = { store: true, recursive: true } as const;

let runs = 0;
const models = defineModels({
  node: {
    step: integer(), parent: many2one('node'), children: one2many('node', 'parent'),
    depth: integer(stored), double: integer({ store: true }),
    odd: integer(stored), even: integer({ store: true }), seen: integer({ recursive: true }),
  },
})
  .compute('node', 'depth', ['step', 'parent.depth'], (node) => {
    runs += 1;
    if ((node.step ?? 0) < 0) throw new Error('a step leads down');
    return (node.parent?.depth ?? 0) + (node.step ?? 0);
  })
  .compute('node', 'double', ['depth'], (node) => 2 * (node.depth ?? 0))
  .compute('node', 'odd', ['step', 'parent.even'], (node) => (node.parent?.even ?? 0) + (node.step ?? 0))
  .compute('node', 'even', ['step', 'parent.odd'], (node) => (node.parent?.odd ?? 0) + 2 * (node.step ?? 0))
  .compute('node', 'seen', ['step', 'parent.seen'], (node) => (node.parent?.seen ?? 0) + (node.step ?? 0));

interface Node {
  readonly parent: number | null;
  readonly step: number;
}

/** What the fields must be, worked out from the first record on. Parents have smaller ids. */
function reference(nodes: readonly Node[]): readonly (readonly number[])[] {
  const all: { depth: number; odd: number; even: number }[] = [];
  for (const { parent, step } of nodes) {
    const above = parent === null ? { depth: 0, odd: 0, even: 0 } : all[parent - 1] ?? { depth: NaN, odd: NaN, even: NaN };
    all.push({ depth: above.depth + step, odd: above.even + step, even: above.odd + 2 * step });
  }
  return [all.map(({ depth }) => depth), all.map(({ depth }) => 2 * depth), all.map(({ odd }) => odd), all.map(({ even }) => even)];
}

const FIELDS = ['depth', 'double', 'odd', 'even'];
const chain = (length: number): Node[] => Array.from({ length }, (_, place) => ({ parent: place === 0 ? null : place, step: 1 }));
const idsOf = (nodes: readonly Node[]): readonly number[] => nodes.map((_, place) => place + 1);

/** Rows that are in the database with all their values, and not in memory. */
async function given(nodes: readonly Node[], registry: Registry = models.registry()): Promise<Opened> {
  const opened = await open(registry);
  const columns = [nodes.map(({ step }) => step), nodes.map(({ parent }) => parent), ...reference(nodes)];
  await opened.tx.session.insert({ model: 'node', count: nodes.length, ids: idsOf(nodes), fields: ['step', 'parent', ...FIELDS], columns });
  return opened;
}

async function storedValues(tx: Transaction, nodes: readonly Node[]): Promise<unknown> {
  return (await tx.readStored('node', idsOf(nodes), FIELDS)).columns;
}

test.each([200, 10_000])('two fields that read each other are computed along a chain of %s records', async (length) => {
  const nodes = chain(length);
  const { tx } = await open(models.registry());
  await tx.env.model('node').create(nodes.map((node) => ({ ...node })));
  await tx.flush();
  expect(await storedValues(tx, nodes)).toEqual(reference(nodes));
  nodes[0] = { parent: null, step: 5 };
  await tx.env.model('node').browse(idsOf(nodes)).load(['children']);
  tx.env.model('node').browse(1).set('step', 5);
  await tx.flush();
  expect(await storedValues(tx, nodes)).toEqual(reference(nodes));
});

test('a stored field is computed along a chain of 100,000 records', async () => {
  const nodes = chain(100_000);
  const { tx, counting } = await given(nodes);
  await tx.env.model('node').browse(idsOf(nodes)).load(['step', 'depth', 'parent', 'children']);
  const root = tx.env.model('node').browse(1);
  root.set('step', 5);
  nodes[0] = { parent: null, step: 5 };
  // An UPDATE for the record that was assigned, and one for the others: their sets of fields differ.
  expect(await counting(() => tx.flush([[tx.registry.field('node', 'depth')]]))).toBe(2);
  expect((await tx.readStored('node', idsOf(nodes), ['depth'])).columns).toEqual([reference(nodes)[0]]);
}, 60_000);

test('a compute that fails is tried once, however many wait for it one behind the other', async () => {
  const nodes = chain(300);
  const { tx } = await given(nodes);
  const all = tx.env.model('node').browse(idsOf(nodes));
  await all.load(['step', 'depth', 'children', 'parent']);
  runs = 0;
  tx.env.model('node').browse(1).set('step', -1);
  await expect(tx.flush([[tx.registry.field('node', 'depth')]])).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
  expect(runs).toBe(300);
  tx.env.model('node').browse(1).set('step', 2);
  await tx.flush();
  nodes[0] = { parent: null, step: 2 };
  expect(await storedValues(tx, nodes)).toEqual(reference(nodes));
});

test('a circle of records is refused by the fields that go round in it, and no others', async () => {
  const nodes = chain(4);
  const { tx } = await given(nodes);
  await tx.env.model('node').browse(idsOf(nodes)).load(['step', 'children', 'parent']);
  await tx.env.model('node').browse(2).write({ parent: 3 });
  const error: unknown = await tx.flush().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'TX_COMPUTE_FAILED', cause: { code: 'TX_COMPUTE_CYCLE' } });
  await tx.env.model('node').browse(2).write({ parent: 1 });
  await tx.flush();
  expect(await storedValues(tx, nodes)).toEqual(reference(nodes));
});
