import { defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import * as fc from 'fast-check';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one, storedColumns } from './support/open';

/** Records that refer to each other in every way, round in circles too. */
const registry = defineModels({
  node: {
    up: many2one('node', { onDelete: 'cascade' }), side: many2one('node', { onDelete: 'set null' }), held: many2one('node', { onDelete: 'restrict' }), leaf: many2one('leaf', { onDelete: 'cascade' }),
    below: one2many('node', 'up'), beside: one2many('node', 'side'), peers: many2many('node'), leaves: one2many('leaf', 'node'), size: integer({ store: true }), sides: integer({ store: true }), peerCount: integer(),
  },
  leaf: { node: many2one('node', { onDelete: 'cascade' }), kept: many2one('node', { onDelete: 'set null' }), also: many2one('node', { onDelete: 'set null' }), nodes: one2many('node', 'leaf') },
})
  .compute('node', 'size', ['below', 'leaves'], (node) => node.below.length * 10 + node.leaves.length)
  .compute('node', 'sides', ['beside', 'side'], (node) => node.beside.length * 10 + (node.side ? 1 : 0))
  .compute('node', 'peerCount', ['peers'], (node) => node.peers.length)
  .registry();

const NODES = 5;
const LEAVES = 3;
/** An id up to some number, or none. */
const some = (most: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min: 1, max: most }), { nil: null, freq: 2 });
const node = fc.record({ up: some(NODES), side: some(NODES), held: fc.option(fc.integer({ min: 1, max: NODES }), { nil: null, freq: 1 }), leaf: some(LEAVES), peers: fc.uniqueArray(fc.integer({ min: 1, max: NODES }), { maxLength: 2 }) });
const leaf = fc.record({ node: some(NODES), kept: some(NODES), also: some(NODES) });
const script = fc.record({
  nodes: fc.array(node, { minLength: NODES, maxLength: NODES }), leaves: fc.array(leaf, { minLength: LEAVES, maxLength: LEAVES }),
  // References that change and are not yet written, and whom is to go.
  moved: fc.array(fc.record({ id: fc.integer({ min: 1, max: NODES }), name: fc.constantFrom('up' as const, 'side' as const, 'held' as const), to: some(NODES) }), { maxLength: 3 }),
  model: fc.constantFrom('node' as const, 'leaf' as const), ids: fc.uniqueArray(fc.integer({ min: 1, max: LEAVES }), { minLength: 1, maxLength: 2 }), isWarm: fc.boolean(),
  // Whether all is written by the transaction that deletes.
  isOne: fc.boolean(),
});

interface Node { readonly id: number; up: number | null; side: number | null; held: number | null; leaf: number | null; peers: readonly number[] }
interface Leaf { readonly id: number; node: number | null; kept: number | null; also: number | null }

/** What the foreign keys leave, worked out by hand; undefined when somebody who stays holds one who goes. */
function left(nodes: readonly Node[], leaves: readonly Leaf[], model: 'node' | 'leaf', ids: readonly number[]): { readonly nodes: readonly Node[]; readonly leaves: readonly Leaf[] } | undefined {
  const gone = { node: new Set<number | null>(model === 'node' ? ids : []), leaf: new Set<number | null>(model === 'leaf' ? ids : []) };
  for (let before = -1; before !== gone.node.size + gone.leaf.size;) {
    before = gone.node.size + gone.leaf.size;
    for (const { id, up, leaf: of } of nodes) if (gone.node.has(up) || gone.leaf.has(of)) gone.node.add(id);
    for (const { id, node: of } of leaves) if (gone.node.has(of)) gone.leaf.add(id);
  }
  const staying = nodes.filter(({ id }) => !gone.node.has(id));
  if (staying.some(({ held }) => gone.node.has(held))) return undefined;
  return {
    nodes: staying.map((own) => ({ ...own, side: gone.node.has(own.side) ? null : own.side, peers: own.peers.filter((id) => !gone.node.has(id)) })),
    leaves: leaves.filter(({ id }) => !gone.leaf.has(id)).map((own) => ({ ...own, kept: gone.node.has(own.kept) ? null : own.kept, also: gone.node.has(own.also) ? null : own.also })),
  };
}

/** Everything that is there, as it is read. */
async function seen(tx: Transaction): Promise<unknown> {
  const nodes = await tx.env.model('node').search({}, { order: ['id'] });
  const sorted = (ids: unknown): unknown => [...(ids as number[])].sort();
  return {
    nodes: (await nodes.read(['up', 'side', 'held', 'leaf', 'below', 'beside', 'peers', 'leaves', 'size', 'sides', 'peerCount'])).map((row) => ({ ...row, below: sorted(row['below']), beside: sorted(row['beside']), peers: sorted(row['peers']), leaves: sorted(row['leaves']) })),
    leaves: (await (await tx.env.model('leaf').search({}, { order: ['id'] })).read(['node', 'kept', 'also', 'nodes'])).map((row) => ({ ...row, nodes: sorted(row['nodes']) })),
  };
}

/** The same, worked out by hand. */
function wanted(nodes: readonly Node[], leaves: readonly Leaf[]): unknown {
  return {
    nodes: nodes.map((own) => {
      const below = nodes.filter(({ up }) => up === own.id).map(({ id }) => id);
      const beside = nodes.filter(({ side }) => side === own.id).map(({ id }) => id);
      const held = leaves.filter(({ node: of }) => of === own.id).map(({ id }) => id);
      return { ...own, peers: [...own.peers].sort(), below, beside, leaves: held, size: below.length * 10 + held.length, sides: beside.length * 10 + (own.side === null ? 0 : 1), peerCount: own.peers.length };
    }),
    leaves: leaves.map((own) => ({ ...own, nodes: nodes.filter(({ leaf: of }) => of === own.id).map(({ id }) => id) })),
  };
}

everywhere(registry, ({ open, runs }) => {
  test('law: whatever refers to what, in circles too, deleting leaves memory and database what the foreign keys leave, or everything as it was', async () => {
    await fc.assert(fc.asyncProperty(script, async ({ nodes: drawn, leaves: drawnLeaves, moved, model, ids, isWarm, isOne }) => {
      const { tx: before, again } = await open();
      const nodes = drawn.map((own, place): Node => ({ id: place + 1, ...own }));
      const leaves = drawnLeaves.map((own, place): Leaf => ({ id: place + 1, ...own }));
      await before.env.model('node').create(nodes.map(() => ({})));
      await before.env.model('leaf').create(leaves.map(({ node: of, kept, also }) => ({ node: of, kept, also })));
      for (const { id, ...own } of nodes) await one(before, 'node', id).write(own);
      if (!isOne) await before.commit();
      const tx = isOne ? before : await again();
      await tx.flush();
      if (!isWarm) tx.clear();
      if (isWarm) await seen(tx);
      for (const { id, name, to } of moved) {
        one(tx, 'node', id).set(name, to === null ? null : one(tx, 'node', to));
        (nodes[id - 1] as Node)[name] = to; // there are as many
      }
      const allowed = left(nodes, leaves, model, ids);
      const deleting = tx.savepoint(() => tx.env.model(model).browse(ids).unlink(), { flush: false });
      // PostgreSQL looks again at all that a row refers to whom its own cascades have changed: one that goes, and has lost two references before, it may refuse, as it does to SQL alone.
      const isRefused = allowed !== undefined && leaves.some(({ id, kept, also }) => kept !== null && also !== null && !allowed.leaves.some((own) => own.id === id) && !ids.includes(model === 'leaf' ? id : 0))
        && await deleting.then(() => false, (error: unknown) => (error as { code?: unknown }).code === 'STORAGE_FOREIGN_KEY');
      const free = isRefused ? undefined : allowed;
      if (free) await deleting;
      else await expect(deleting).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
      const expected = free ? wanted(free.nodes, free.leaves) : wanted(nodes, leaves);
      expect(await seen(tx)).toEqual(expected);
      await tx.flush();
      tx.clear();
      expect(await seen(tx)).toEqual(expected);
      expect(await storedColumns(tx, 'node', nodes.map(({ id }) => id), ['size'])).toEqual([(expected as { nodes: { size: number }[] }).nodes.map(({ size }) => size)]);
    }), { numRuns: runs(200, 15) });
  });
});
