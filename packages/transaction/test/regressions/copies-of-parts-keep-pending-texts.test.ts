import { char, defineModels, many2one, one2many } from '@ormolu/registry';
import { open } from '../support/open';

test('a record copied with parts of its own model keeps the texts that are not pending', async () => {
  const models = defineModels({ thing: { name: char({ translate: true }), whole: many2one('thing'), parts: one2many('thing', 'whole', { copy: true }) } });
  const { tx, again } = await open(models.registry());
  const lamp = await tx.env.model('thing').create({ name: 'lamp', parts: [{ create: { name: 'foot' } }] });
  await tx.flush();
  await lamp.withEnv(tx.env.withContext({ lang: 'fr' })).write({ name: 'lampe' });
  await lamp.copy();
  await tx.commit();
  const { env } = await again();
  const both = (await env.model('thing').search({ parts: { exists: true } })).ids;
  const names = async (lang: string): Promise<unknown> => (await env.withContext({ lang }).model('thing').browse(both).read(['name'])).map(({ name }) => name);
  expect([await names('en_US'), await names('fr')]).toEqual([['lamp', 'lamp'], ['lampe', 'lampe']]);
});
