import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels, type StatementEvent } from '@ormolu/kernel';
import { char, defineModels, integer, many2one } from '@ormolu/registry';
import { everywhere } from './support/everywhere';
import { storedColumns } from './support/open';

const registry = defineModels({
  street: { name: char(), code: char() },
  house: { name: char(), size: integer(), street: many2one('street'), doubled: integer({ store: true }) },
}).compute('house', 'doubled', ['size'], ({ size }) => (size ?? 0) * 2).registry();

/** The UPDATEs that are sent while some work runs, as text. */
async function updates(work: () => Promise<unknown>): Promise<readonly string[]> {
  const texts: string[] = [];
  const listen = (event: unknown): void => void texts.push((event as StatementEvent).text);
  subscribe(channels.statement.name, listen);
  try {
    await work();
  } finally {
    unsubscribe(channels.statement.name, listen);
  }
  return texts.filter((text) => /update/i.test(text));
}

everywhere(registry, ({ open }) => {
  test('a flush sends an UPDATE for each model and set of fields, whatever the number of records; one value for many ids is sent once', async () => {
    for (const count of [4, 40]) {
      const { tx } = await open();
      const ids = Array.from({ length: count }, (_, place) => place + 1);
      await tx.env.model('street').create(ids.map((id) => ({ name: String(id) })));
      await tx.env.model('house').create(ids.map((id) => ({ name: String(id), size: id, street: 1 })));
      await tx.flush();
      const houses = [...tx.env.model('house').browse(ids)];
      for (const house of houses.filter((_, place) => place % 2 === 0)) house.set('name', `new ${String(house.id)}`);
      for (const house of houses.filter((_, place) => place % 2 === 1)) house.set('size', Number(house.id) + 7);
      for (const street of tx.env.model('street').browse(ids)) street.set('code', 'same');
      const sent = await updates(() => tx.flush());
      // Names; sizes with what is computed of them; codes.
      expect(sent).toHaveLength(3);
      // A database is given a row for each where values differ, and one value where they do not.
      const isSql = sent.some((text) => text.includes('"'));
      expect(sent.filter((text) => text.includes('unnest')).map((text) => text.includes('"house"'))).toEqual(isSql ? [true, true] : []);
      expect(await storedColumns(tx, 'house', [1, 2], ['name', 'size', 'doubled'])).toEqual([['new 1', '2'], [1, 9], [2, 18]]);
      expect(await storedColumns(tx, 'street', ids, ['code'])).toEqual([ids.map(() => 'same')]);
      expect(await updates(() => tx.flush())).toEqual([]);
    }
  });
});
