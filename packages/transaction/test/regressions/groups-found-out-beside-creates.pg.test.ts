import { char, defineModels } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';

const models = defineModels({
  user: { name: char() },
  log: { text: char() },
  book: { name: char(), secret: char({ groups: ['staff'] }) },
});

async function later<T>(turns: number, work: () => T): Promise<Awaited<T>> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return await work();
}

everywhere(models.registry(), ({ begin, runs }) => {
  const TURNS = Array.from({ length: runs(41, 6) }, (_, turns) => turns);

  test.each(TURNS)('who is in which group may be written down while somebody creates, and neither waits for the other (%i turns later)', async (turns) => {
    let asked = 0;
    const tx = await begin({ uid: 1, users: 'user', groupsOf: async (env) => {
      asked += 1;
      await env.model('log').create({ text: 'asked' });
      return ['staff'];
    } });
    const first = await tx.env.sudo().model('book').create({ name: 'a', secret: 'x' });
    for (const delays of [[turns, 0], [0, turns]] as const) {
      const env = tx.env.withUser(1).withContext({ delays });
      const [read, made] = await Promise.all([
        later(delays[0], () => env.model('book').browse(first.ids).read(['secret'])),
        later(delays[1], () => env.model('book').create({ name: 'b', secret: 'y' })),
        later(delays[1] + 1, () => env.model('book').create({ name: 'c', secret: 'z' })),
      ]);
      expect([read, made.length]).toEqual([[{ id: first.id, secret: 'x' }], 1]);
    }
    expect(await tx.env.sudo().model('book').count()).toBe(5);
    expect(await tx.env.sudo().model('log').count()).toBe(asked);
    expect(asked).toBeLessThanOrEqual(4);
  }, 2000);
});
