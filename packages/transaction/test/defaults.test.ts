import { char, defineModels, integer, type DefaultEnvironment } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { open } from './support/open';

let gives: (env: DefaultEnvironment) => string = () => 'given';
const registry = defineModels({ thing: { name: char(), code: char({ default: (env: DefaultEnvironment) => gives(env) }) }, counter: { step: integer() } }).registry();
let tx: Transaction;

beforeEach(async () => {
  ({ tx } = await open(registry));
  gives = () => 'given';
});

test('a default that throws names its field, with its own error as the cause, and nothing is made', async () => {
  const own = new Error('no code is left');
  gives = () => {
    throw own;
  };
  const failed = { code: 'TX_DEFAULT_FAILED', message: 'The default of thing.code threw: no code is left. Give the field a value, or mend its default.', cause: own, details: { model: 'thing', field: 'code' } };
  await expect(tx.env.model('thing').create({ name: 'a' })).rejects.toMatchObject(failed);
  expect(() => tx.env.model('thing').new({ name: 'a' }).get('code')).toThrow(failed.message);
  expect(await tx.env.model('thing').count()).toBe(0);
  expect((await tx.env.model('thing').create({ name: 'a', code: 'c' })).ids).toEqual([1]);
});

test('one that reads what is not in memory waits for it', async () => {
  await tx.env.model('counter').create({ step: 7 });
  await tx.flush();
  tx.clear();
  gives = (env) => `code ${String(((env as unknown as Transaction['env']).model('counter').browse(1)).get('step'))}`;
  const made = await tx.env.model('thing').create({ name: 'a' });
  expect((await made.read(['code']))[0]).toMatchObject({ code: 'code 7' });
});
