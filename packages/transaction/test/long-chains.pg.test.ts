import { defineModels, integer, many2one } from '@ormolu/registry';
import { everywhere } from './support/everywhere';

// No parent option and no list that leads down: the way is the field's own.
const registry = defineModels({ step: { size: integer(), up: many2one('step', { index: true }), sum: integer({ store: true, recursive: true }) } })
  .compute('step', 'sum', ['size', 'up.sum'], (step) => (step.up?.sum ?? 0) + (step.size ?? 0))
  .registry();

everywhere(registry, ({ begin, counting }) => {
  test.each([50, 2_000])('a chain of %s records is followed by one statement', async (length) => {
    const tx = await begin();
    const ids = Array.from({ length }, (_, place) => place + 1);
    await tx.session.insert({ model: 'step', count: length, ids, fields: ['size', 'up', 'sum'], columns: [ids.map(() => 1), ids.map((id) => (id === 1 ? null : id - 1)), ids] });
    const first = tx.env.model('step').browse(1);
    await first.load(['size']);
    first.set('size', 3);
    expect(await counting(tx, () => tx.flush())).toBeLessThanOrEqual(10);
    expect((await tx.readStored('step', ids, ['sum'])).columns).toEqual([ids.map((id) => id + 2)]);
  });
});
