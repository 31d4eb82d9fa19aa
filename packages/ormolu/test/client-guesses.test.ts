import { char, defineModels, integer, memory, openOrmolu, pglite, remote, serve } from 'ormolu';

const models = defineModels({ user: { name: char() }, person: { name: char(), salary: integer({ groups: ['hr'] }) } });

test.each([['memory', () => memory()], ['PGlite', () => pglite()]] as const)('over %s, a user finds out nothing by saying what a cache of his had answered: at COMMIT, too, it is asked again by what he sees', async (_, open) => {
  const below = await openOrmolu({ models, storage: open(), users: 'user', groupsOf: () => [] });
  await below.migrate();
  const id = await below.transaction(async (env) => {
    await env.model('user').create({ name: 'clerk' });
    return (await env.model('person').create({ name: 'Ann', salary: 70 })).id;
  });
  const faults: unknown[] = [];
  const server = await serve(below, { port: 0, auth: () => ({ user: 1, mayWrite: true }), onFault: (fault) => faults.push(fault) });
  const client = remote(server.url, { token: 'clerk' });
  const outcomes: unknown[] = [];
  for (const guess of [70, 71]) {
    for (const isSearch of [false, true]) {
      const session = await client.open({ schema: below.registry.schema, isolation: 'serializable', sight: true });
      await session.insert({ model: 'user', count: 1, fields: ['name'], columns: [['other']] });
      session.noteCached?.(isSearch
        ? [{ kind: 'query', question: { model: 'person', filter: { kind: 'condition', path: ['salary'], operator: 'eq', value: guess } }, answer: { ids: [id], columns: [] }, tags: [] }]
        : [{ kind: 'read', question: { model: 'person', ids: [id], fields: ['salary'] }, answer: { ids: [id], columns: [[guess]] } }]);
      outcomes.push(await session.commit().then(() => 'committed', (error: unknown) => (error as { readonly code?: string }).code));
      await session.rollback();
    }
  }
  expect(outcomes).toEqual(['FIELD_UNKNOWN', 'FIELD_UNKNOWN', 'FIELD_UNKNOWN', 'FIELD_UNKNOWN']);
  expect(faults).toEqual([]);
  await client.close();
  await server.close();
  await below.close();
});
