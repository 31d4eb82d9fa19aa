import { char, defineModels, many2one } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { Transaction, type TransactionOptions } from '../../src/index';

/** Users and companies, and something that looks different to each. */
export const people = defineModels({
  company: { name: char({ required: true }) },
  user: { name: char({ required: true }), company: many2one('company') },
  thing: { name: char(), seenBy: char({ dependsContext: ['uid', 'company', 'lang', 'shade'] }) },
}).compute('thing', 'seenBy', ['name'], (thing) => {
  const { uid, companyId, lang, context } = thing.env;
  return [thing.name, uid, companyId, lang, typeof context['shade'] + String(context['shade'])].map(String).join('|');
});

/** Companies 1 and 2, users 1 and 2 in them and 3 in none, and thing 1. @returns how to begin a transaction on them */
export async function openPeople(): Promise<(options?: Partial<TransactionOptions>) => Promise<Transaction>> {
  const registry = people.registry();
  const storage = memory();
  await storage.migrate(registry.schema);
  const begin = async (options: Partial<TransactionOptions> = {}): Promise<Transaction> =>
    new Transaction({ registry, session: await storage.open({ schema: registry.schema }), rung: new StorageRung(), users: 'user', companies: 'company', ...options });
  const tx = await begin();
  await tx.env.model('company').create([{ name: 'North' }, { name: 'South' }]);
  await tx.env.model('user').create([{ name: 'Ann', company: 1 }, { name: 'Bob', company: 2 }, { name: 'Cleo' }]);
  await tx.env.model('thing').create({ name: 'lamp' });
  await tx.commit();
  return begin;
}
