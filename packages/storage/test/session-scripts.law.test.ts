import { ConstraintError, EVERYTHING, OrmoluError, SameValue, Schema, type Session, type SessionSavepoint, type Storage, type StoredId } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { column, reference } from '../src/compliance/fixture';

const SCHEMA = new Schema([
  { model: 'country', table: 'country', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text', { required: true }), column('code', 'text', { unique: true })] },
  { model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [],
    columns: [column('name', 'text'), reference('country', 'country'), reference('twin', 'city', 'set null')] },
  { model: 'street', table: 'street', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [reference('city', 'city', 'cascade', { required: true }), column('code', 'text', { unique: true })] },
]);
const MODELS = { country: ['name', 'code'], city: ['name', 'country', 'twin'], street: ['city', 'code'] } as const;
type Model = keyof typeof MODELS;

const ids = fc.integer({ min: 1, max: 5 });
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  name: fc.option(fc.constantFrom('a', 'b'), { freq: 5 }), code: fc.option(fc.constantFrom('x', 'y', 'z')), country: fc.option(ids), twin: fc.option(ids), city: fc.option(ids, { freq: 9 }),
};
const models = fc.constantFrom<Model>('country', 'city', 'street');

type Step =
  | { readonly kind: 'insert'; readonly model: Model; readonly ids: readonly number[]; readonly columns: readonly (readonly unknown[])[] }
  | { readonly kind: 'update'; readonly model: Model; readonly ids: readonly number[]; readonly field: string; readonly values: readonly unknown[] | SameValue }
  | { readonly kind: 'delete'; readonly model: Model; readonly ids: readonly number[] }
  | { readonly kind: 'savepoint' | 'rollbackTo' | 'release' };

const idLists = fc.uniqueArray(ids, { minLength: 1, maxLength: 3 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(models, idLists).chain(([model, list]) => fc.tuple(...MODELS[model].map((field) => fc.array(values[field]!, { minLength: list.length, maxLength: list.length })))
    .map((columns): Step => ({ kind: 'insert', model, ids: list, columns }))) },
  { weight: 4, arbitrary: fc.tuple(models, idLists).chain(([model, list]) => fc.constantFrom<string>(...MODELS[model]).chain((field) => fc.oneof(
    fc.array(values[field]!, { minLength: list.length, maxLength: list.length }), values[field]!.map((value) => new SameValue(value)))
    .map((given): Step => ({ kind: 'update', model, ids: list, field, values: given })))) },
  { weight: 2, arbitrary: fc.tuple(models, idLists).map(([model, list]): Step => ({ kind: 'delete', model, ids: list })) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'savepoint' }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'rollbackTo' }, { kind: 'release' }) },
);

const sorted = (list: readonly StoredId[]): StoredId[] => list.toSorted((a, b) => Number(a) - Number(b));

async function run(session: Session, step: Step, savepoints: SessionSavepoint[]): Promise<unknown> {
  switch (step.kind) {
    case 'insert':
      return session.insert({ model: step.model, count: step.ids.length, fields: MODELS[step.model], columns: step.columns, ids: step.ids });
    case 'update':
      return sorted(await session.update({ model: step.model, ids: step.ids, fields: [step.field], columns: [step.values] }));
    case 'delete':
      return sorted(await session.delete(step.model, step.ids));
    case 'savepoint':
      savepoints.push(await session.savepoint());
      return savepoints.length;
    default: {
      const savepoint = savepoints.pop();
      return savepoint && session[step.kind](savepoint);
    }
  }
}

/** Everything there is. */
async function dump(session: Session): Promise<unknown> {
  const tables = [];
  for (const [model, fields] of Object.entries(MODELS)) tables.push(await session.query({ model, filter: EVERYTHING, fields }));
  return tables;
}

/** What each step answered, or the code of its refusal, and what was there afterwards; a refused step is taken back. */
async function play(storage: Storage, script: readonly Step[], ending: 'commit' | 'rollback'): Promise<unknown> {
  const log: unknown[] = [];
  const session = await storage.open({ schema: SCHEMA });
  try {
    const savepoints: SessionSavepoint[] = [];
    for (const step of script) {
      const isChange = step.kind === 'insert' || step.kind === 'update' || step.kind === 'delete';
      const before = isChange ? await session.savepoint() : undefined;
      try {
        log.push(await run(session, step, savepoints), session.state);
        if (before) await session.release(before);
      } catch (error) {
        if (!OrmoluError.is(error)) throw error;
        // Which of several constraints speaks first is nobody's promise.
        log.push(error instanceof ConstraintError ? 'refused' : error.code, session.state);
        if (before) await session.rollbackTo(before);
      }
      log.push(await dump(session));
    }
    await session[ending]();
    log.push(session.state);
  } finally {
    await session.rollback();
  }
  const after = await storage.open({ schema: SCHEMA });
  log.push(await dump(after));
  for (const model of ['street', 'city', 'country']) await after.delete(model, [1, 2, 3, 4, 5]);
  await after.commit();
  return log;
}

describe('scripts of one session after another', () => {
  let database: ScratchDatabase;
  let storages: Storage[];

  beforeAll(async () => {
    database = await createDatabase();
    storages = [memory(), pglite(), postgres(database.url)];
    for (const storage of storages) await storage.migrate(SCHEMA);
  });

  afterAll(async () => {
    for (const storage of storages) await storage.close();
    await database.drop();
  });

  test('law: for all scripts of writes, savepoints and rollbacks, every storage answers, refuses and keeps the same', async () => {
    await fc.assert(fc.asyncProperty(fc.array(steps, { maxLength: 12 }), fc.constantFrom('commit', 'rollback'), async (script, ending) => {
      const [plain, ...others] = await Promise.all(storages.map((storage) => play(storage, script, ending)));
      for (const other of others) expect(other).toEqual(plain);
    }), { numRuns: lawRuns(100) });
  });
});
