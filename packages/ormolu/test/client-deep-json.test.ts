import { defineModels, json, memory, openOrmolu, remote, serve, type JsonValue } from 'ormolu';

const models = defineModels({ page: { body: json() } });

/** Lists within objects within lists. */
function nested(levels: number): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { in: value } : [value];
  return value;
}

test.each(['worker', 'user'])('JSON as deep as a field takes it crosses the wire for a %s: written, read, and looked for', async (token) => {
  const below = await openOrmolu({ models, storage: memory(), groupsOf: () => [] });
  await below.migrate();
  const server = await serve(below, { port: 0, auth: (given) => (given === 'worker' ? 'worker' : { user: 1, mayWrite: true }) });
  const client = await openOrmolu({ models, storage: remote(server.url, { token }) });
  try {
    const body = nested(500);
    const id = await client.transaction(async (env) => (await env.model('page').create({ body })).id);
    client.localCache.invalidate();
    for (const db of [client, below]) expect(JSON.stringify(await db.transaction((env) => env.model('page').browse(id).read(['body'])))).toBe(JSON.stringify([{ id, body }]));
    expect(await client.transaction((env) => env.model('page').count({ not: { or: [{ not: { body: { eq: body } } }] } }))).toBe(1);
    await expect(client.transaction((env) => env.model('page').create({ body: nested(501) }))).rejects.toMatchObject({ code: 'FIELD_VALUE_INVALID' });
  } finally {
    await client.close();
    await server.close();
    await below.close();
  }
});
