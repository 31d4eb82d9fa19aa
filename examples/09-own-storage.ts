// A storage of one's own: the contract implemented in examples/own-storage, held to by the suite that holds ours, and used.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { storageCompliance } from '@ormolu/storage/compliance';
import { char, defineModels, openOrmolu } from 'ormolu';
import { journalled } from './own-storage/journalled-storage';

const folder = mkdtempSync(join(tmpdir(), 'ormolu-journal-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const runner = {
  describe: (name: string, define: () => void): void => void describe(name, define),
  test: (name: string, run: () => Promise<void>): void => void test(name, run),
  beforeAll: before, afterAll: after,
};

storageCompliance(runner, { name: 'journalled', create: () => journalled(join(folder, 'suite')) });

// Beyond the suite: what this storage promises more than others.
void test('what was committed is there in the next process, and nothing else', async () => {
  const models = defineModels({ city: { name: char() } });
  const file = join(folder, 'cities');
  for (const names of [['Ghent'], ['Ghent', 'Ypres']]) {
    const db = await openOrmolu({ models, storage: await journalled(file) });
    await db.migrate();
    await db.transaction(async (env) => {
      const name = names.at(-1) ?? '';
      await env.model('city').create({ name });
      await env.transaction.savepoint(async () => {
        await env.model('city').create({ name: 'second thoughts' });
        throw new Error('no');
      }).catch(() => undefined);
      const cities = await (await env.model('city').search({}, { order: ['id'] })).load(['name']);
      assert.deepEqual(cities.mapped('name'), names);
    });
    await db.close();
  }
});
