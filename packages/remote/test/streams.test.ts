import { EVERYTHING, type Columns } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { Served } from './support/served';

const [BATCHES, ROWS] = [200, 1_000];

/** A storage whose streams are long, and what has been taken of them. */
async function long(): Promise<{ readonly served: Served; readonly figures: { made: number; left: number } }> {
  const figures = { made: 0, left: 0 };
  const below = memory();
  const open = below.open.bind(below);
  below.open = async (options) => {
    const session = await open(options);
    session.stream = async function* () {
      try {
        for (let batch = 0; batch < BATCHES; batch += 1) {
          figures.made += 1;
          const ids = Array.from({ length: ROWS }, (_, n) => batch * ROWS + n + 1);
          yield await Promise.resolve<Columns>({ ids, columns: [ids.map(String)] });
        }
      } finally {
        figures.left += 1;
      }
    };
    return session;
  };
  return { served: await Served.begin({}, below), figures };
}
const ALL = { model: 'city', filter: EVERYTHING, fields: ['name'] };

test('of a long stream no more is made than its reader has asked for, and it comes whole and in order', async () => {
  const { served, figures } = await long();
  const session = await served.client().open({ schema: served.schema });
  let [taken, last, most] = [0, 0, 0];
  for await (const { ids } of session.stream(ALL)) {
    taken += 1;
    most = Math.max(most, figures.made - taken);
    for (const id of ids) {
      if (id !== last + 1) throw new Error(`behind ${String(last)} comes ${String(id)}`);
      last += 1;
    }
  }
  expect([taken, last, most, figures]).toEqual([BATCHES, BATCHES * ROWS, 0, { made: BATCHES, left: 1 }]);
  await session.rollback();
  await served.end();
});

test('a slow reader of a stream is sent no more than it asks for, and one that leaves lets go of it', async () => {
  const { served, figures } = await long();
  const session = await served.client().open({ schema: served.schema });
  let taken = 0;
  for await (const batch of session.stream(ALL)) {
    taken += batch.ids.length / ROWS;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(figures).toEqual({ made: taken, left: 0 });
    if (taken === 5) break;
  }
  expect(figures).toEqual({ made: 5, left: 1 });
  await session.rollback();
  await served.end();
});
