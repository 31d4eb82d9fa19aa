import { defineModels, integer, many2one, one2many, type Registry } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { open, type Opened } from './support/open';

const stored = { store: true, recursive: true } as const;

let runs = 0;
const models = defineModels({
  node: {
    step: integer(), parent: many2one('node'), children: one2many('node', 'parent'),
    depth: integer(stored), double: integer({ store: true }),
    odd: integer(stored), even: integer({ store: true }), seen: integer({ recursive: true }), height: integer(stored), weight: integer({ recursive: true }),
  },
  // Nothing leads down again.
  step: { size: integer(), up: many2one('step'), sum: integer(stored) },
})
  .compute('node', 'depth', ['step', 'parent.depth'], (node) => {
    runs += 1;
    if ((node.step ?? 0) < 0) throw new Error('a step leads down');
    return (node.parent?.depth ?? 0) + (node.step ?? 0);
  })
  .compute('node', 'double', ['depth'], (node) => 2 * (node.depth ?? 0))
  .compute('node', 'odd', ['step', 'parent.even'], (node) => (node.parent?.even ?? 0) + (node.step ?? 0))
  .compute('node', 'even', ['step', 'parent.odd'], (node) => (node.parent?.odd ?? 0) + 2 * (node.step ?? 0))
  .compute('node', 'seen', ['step', 'parent.seen'], (node) => (node.parent?.seen ?? 0) + (node.step ?? 0))
  .compute('node', 'height', ['step', 'children.height'], (node) => Math.max(0, ...[...node.children].map((child) => child.height ?? 0)) + (node.step ?? 0))
  .compute('node', 'weight', ['step', 'children.weight'], (node) => [...node.children].reduce((sum, child) => sum + (child.weight ?? 0), node.step ?? 0))
  .compute('step', 'sum', ['size', 'up.sum'], (step) => (step.up?.sum ?? 0) + (step.size ?? 0));

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
  // What stands below, of a chain.
  const heights = nodes.map((_, place) => nodes.length - place);
  const columns = [nodes.map(({ step }) => step), nodes.map(({ parent }) => parent), ...reference(nodes), heights];
  await opened.tx.session.insert({ model: 'node', count: nodes.length, ids: idsOf(nodes), fields: ['step', 'parent', ...FIELDS, 'height'], columns });
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

test('a stored field is computed along a chain of 100,000 records of which none was in memory', async () => {
  const nodes = chain(100_000);
  const { tx, counting } = await open(models.registry());
  const ids = idsOf(nodes);
  await tx.session.insert({ model: 'step', count: nodes.length, ids, fields: ['size', 'up', 'sum'], columns: [nodes.map(({ step }) => step), nodes.map(({ parent }) => parent), ids] });
  const root = tx.env.model('step').browse(1);
  await root.load(['size']);
  root.set('size', 3);
  expect(await counting(() => tx.flush())).toBeLessThanOrEqual(10);
  expect((await tx.readStored('step', ids, ['sum'])).columns).toEqual([ids.map((id) => id + 2)]);
}, 120_000);

test('a compute that fails is tried twice at most, however many wait for it one behind the other', async () => {
  const nodes = chain(300);
  const { tx } = await given(nodes);
  const all = tx.env.model('node').browse(idsOf(nodes));
  await all.load(['step', 'depth', 'children', 'parent']);
  runs = 0;
  tx.env.model('node').browse(1).set('step', -1);
  await expect(tx.flush([[tx.registry.field('node', 'depth')]])).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
  // Among others, and then by itself.
  expect(runs).toBeLessThanOrEqual(600);
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

describe.each([30, 3_000])('along a chain of %s records of which none is in memory', (length) => {
  const nodes = chain(length);
  const changed = [{ parent: null, step: 5 }, ...nodes.slice(1)];

  test('a change at one end is followed in as many statements as along any other', async () => {
    const { tx, counting } = await given(nodes);
    const root = tx.env.model('node').browse(1);
    await root.load(['step']);
    root.set('step', 5);
    // A level, a second, all that are left; what their computes read; an UPDATE for each set of fields.
    expect(await counting(() => tx.flush())).toBeLessThanOrEqual(10);
    expect(await storedValues(tx, nodes)).toEqual(reference(changed));
  }, 120_000);

  test('a change below reaches all above in as many', async () => {
    const { tx, counting } = await given(nodes);
    const leaf = tx.env.model('node').browse(length);
    await leaf.load(['step']);
    leaf.set('step', 5);
    expect(await counting(() => tx.flush())).toBeLessThanOrEqual(12);
    expect((await tx.readStored('node', idsOf(nodes), ['height'])).columns).toEqual([nodes.map((_, place) => length - place + 4)]);
  }, 120_000);

  test('a change is followed where no list leads down', async () => {
    const { tx, counting } = await open(models.registry());
    const ids = idsOf(nodes);
    await tx.session.insert({ model: 'step', count: length, ids, fields: ['size', 'up', 'sum'], columns: [nodes.map(({ step }) => step), nodes.map(({ parent }) => parent), ids] });
    const root = tx.env.model('step').browse(1);
    await root.load(['size']);
    root.set('size', 3);
    expect(await counting(() => tx.flush())).toBeLessThanOrEqual(10);
    expect((await tx.readStored('step', ids, ['sum'])).columns).toEqual([ids.map((id) => id + 2)]);
  }, 120_000);

  test('what is not stored is read from either end', async () => {
    const { tx, counting } = await given(nodes);
    expect(await counting(async () => {
      expect(await tx.run(() => tx.env.model('node').browse(length).get('seen'))).toBe(length);
    })).toBeLessThanOrEqual(6);
    tx.clear();
    expect(await counting(async () => {
      expect(await tx.run(() => tx.env.model('node').browse(1).get('weight'))).toBe(length);
    })).toBeLessThanOrEqual(9);
    tx.clear();
    const [end, start] = [length, 1].map((id) => tx.env.model('node').browse(id));
    expect(await counting(async () => {
      await end?.load(['seen']);
      await start?.load(['weight']);
    })).toBeLessThanOrEqual(12);
    expect([end?.get('seen'), start?.get('weight')]).toEqual([length, length]);
  }, 120_000);

  test('a loop that climbs it is answered in a few rounds', async () => {
    const { tx, counting } = await given(nodes);
    expect(await counting(() => tx.run(() => {
      let steps = 0;
      for (let here: unknown = tx.env.model('node').browse(length); here; here = (here as { get(name: string): unknown }).get('parent')) steps += 1;
      return steps;
    }))).toBeLessThanOrEqual(4);
  });
});
