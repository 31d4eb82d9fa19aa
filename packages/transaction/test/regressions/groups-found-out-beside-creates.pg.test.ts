import { char, defineModels } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { later } from '../support/turns';

const models = defineModels({
  user: { name: char() },
  log: { text: char() },
  book: { name: char(), secret: char({ groups: ['staff'] }) },
});

everywhere(models.registry(), ({ begin, everyTurn }) => {
  test.each(everyTurn())('who is in which group may be written down while somebody creates, and neither waits for the other (%i turns later)', async (turns) => {
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
