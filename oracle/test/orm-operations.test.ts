import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder } from '../run-folder';

const models = {
  'lab.node': {
    order: 'id',
    fields: {
      name: { type: 'char' }, amount: { type: 'integer' }, parent_id: { type: 'many2one', comodel: 'lab.node', ondelete: 'cascade' },
      child_ids: { type: 'one2many', comodel: 'lab.node', inverse_name: 'parent_id' },
      tag_ids: { type: 'many2many', comodel: 'lab.tag', relation: 'lab_node_tag_rel', column1: 'node_id', column2: 'tag_id' },
      twice: { type: 'integer', compute: '_twice', store: true }, owner: { type: 'char', compute: '_owner' },
      rate: { type: 'integer', company_dependent: true }, title: { type: 'char', translate: true },
      loud: { type: 'char', compute: '_loud', inverse: '_set_loud' }, label: { type: 'char', required: true, default: 'x' },
    },
    computes: {
      _twice: { depends: ['amount'], assign: { twice: ['*', ['get', 'amount'], 2] } },
      _owner: { depends: ['name'], depends_context: ['uid', 'company'], assign: { owner: ['concat', ['get', 'name'], '#', ['uid'], '$', ['company']] } },
      _loud: { depends: ['name'], assign: { loud: ['upper', ['get', 'name']] } },
    },
    inverses: { _set_loud: { assign: { name: ['lower', ['get', 'loud']] } } },
  },
  'lab.tag': { order: 'id', fields: { name: { type: 'char' } } },
};
const nodes = [{ name: 'a', amount: 1 }, { name: 'b', amount: 2, parent_id: 1 }, { name: 'c', amount: 3, parent_id: 2 }];
const created = { op: 'create', model: 'lab.node', vals: nodes, result: [1, 2, 3] };
const on = (ids: readonly number[], op: string, rest: object = {}) => ({ op, model: 'lab.node', ids, result: null, ...rest });
const flush = { op: 'flush_all', result: null };

/** Failures of some scenarios over these models. */
async function replaying(scenarios: Readonly<Record<string, readonly object[]>>, departures?: object): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-orm-'));
  try {
    const steps = Object.entries(scenarios).map(([name, own]) => ({ name, steps: own }));
    writeFileSync(join(folder, 'orm-scenarios-own.json'), JSON.stringify({ format: 'ormolu-orm-scenarios/1', models, scenarios: steps }));
    if (departures) writeFileSync(join(folder, 'departures.json'), JSON.stringify(departures));
    const { files } = await runFolder(folder);
    // What the recorded server sent is not told here, so that every statement is one too many.
    return files.flatMap(({ failures }) => failures.map(({ scenario, difference }) => `${scenario}: ${difference}`)).filter((line) => !/statements \w+ were sent/.test(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every operation that a recording may hold is performed', async () => {
  expect(await replaying({
    'searches': [
      created,
      { op: 'search_count', model: 'lab.node', domain: [['amount', '>', 1]], result: 2 },
      { op: 'search', model: 'lab.node', domain: [['id', 'child_of', 2]], result: [2, 3] },
      { op: 'search', model: 'lab.node', domain: ['|', ['name', 'ilike', 'A'], '!', ['amount', 'in', [1, 2]]], order: 'name desc', result: [3, 1] },
      { op: 'search', model: 'lab.node', domain: [['parent_id', '=', false]], result: [1] },
      on([1, 2, 9], 'exists', { result: [1, 2] }),
    ],
    'paths': [
      created,
      { op: 'create', model: 'lab.tag', vals: [{ name: 't' }, { name: 'u' }], result: [1, 2] },
      on([1, 2], 'write', { vals: { tag_ids: [[6, 0, [1, 2]]] } }),
      flush,
      { op: 'invalidate_all', flush: true, result: null },
      on([1, 2, 3], 'mapped', { path: 'tag_ids.name', result: ['t', 'u'] }),
      on([1, 2, 3], 'filtered', { path: 'tag_ids', result: [1, 2] }),
      on([2, 3], 'prefetch_ids', { path: 'parent_id', result: [1, 2] }),
      on([1, 2, 3], 'count_read', { field: 'name', result: 3 }),
    ],
    'queues': [
      created, flush,
      on([1, 2], 'add_to_compute', { field: 'lab.node.twice' }),
      on([2], 'remove_to_compute', { field: 'lab.node.twice' }),
      { op: 'recompute_all', result: null, calls: [['compute', 'lab.node._twice', [1]]] },
      on([1, 2], 'set_many', { field: 'amount', mul: 10 }),
      on([1], 'flush_recordset', { fields: ['amount'] }),
      { op: 'flush_model', model: 'lab.node', fields: ['twice'], result: null },
      on([1, 2], 'read', { fields: ['amount', 'twice'], result: { 1: { amount: 10, twice: 20 }, 2: { amount: 20, twice: 40 } } }),
      { op: 'count_calls', result: { 'lab.node.twice': 6 } },
    ],
    'environments': [
      created,
      { op: 'env_identity', contexts: [{ tone: 'x' }, { tone: 'x' }, { tone: 'y' }, { uid: 2 }], result: [[true, true, false, false], [true, true, false, false], [false, false, true, false], [false, false, false, true]] },
      on([1], 'read', { fields: ['owner'], as: { uid: 2, company: 3 }, result: { 1: { owner: 'a#2$3' } } }),
      on([1], 'write', { vals: { rate: 7 }, as: { company: 2 } }),
      on([1], 'read', { fields: ['rate'], as: { company: 2 }, result: { 1: { rate: 7 } } }),
      on([1], 'read', { fields: ['rate'], result: { 1: { rate: 0 } } }),
      on([1], 'write', { vals: { title: 'Hallo' }, as: { context: { lang: 'de_DE' } } }),
      flush,
      on([1], 'read', { fields: ['title'], as: { context: { lang: 'de_DE' } }, result: { 1: { title: 'Hallo' } } }),
    ],
    'hooks': [
      created, flush,
      { op: 'hook', kind: 'precommit', label: 'w', model: 'lab.node', ids: [1], write: { amount: 5 }, result: null },
      { op: 'run_hooks', kind: 'precommit', result: ['w'] },
      on([1], 'read', { fields: ['twice'], result: { 1: { twice: 10 } } }),
      { op: 'hooks_log', result: ['w'] },
    ],
    'drafts': [
      { op: 'new', model: 'lab.node', vals: { name: 'n', amount: 4 }, ref: 'r1', as_handle: 'd', result: ['ref:r1'] },
      { op: 'read', handle: 'd', fields: ['twice', 'loud'], result: { 'ref:r1': { twice: 8, loud: 'N' } } },
      { op: 'set', handle: 'd', vals: { amount: 5 }, result: null },
      { op: 'read', handle: 'd', fields: ['twice'], result: { 'ref:r1': { twice: 10 } } },
    ],
    'errors': [
      created, flush,
      { op: 'savepoint', flush: true, end: 'release', error: 'NotNullViolation', enterCalls: [], steps: [on([1], 'write', { vals: { label: false }, result: undefined, error: 'NotNullViolation' })] },
      on([1], 'write', { vals: { loud: 'HEY' }, calls: [['inverse', 'lab.node._set_loud', [1]]] }),
      on([1], 'read_method', { fields: ['name', 'label'], result: [{ id: 1, name: 'hey', label: 'x' }] }),
    ],
  })).toEqual([]);
});

test('raw changes are made behind the engine, pairs of relation tables too', async () => {
  const row = (id: number, name: string) => ({ id, name, amount: null, parent_id: null, twice: 0, title: null, label: 'x' });
  expect(await replaying({
    raw: [
      { op: 'create', model: 'lab.tag', vals: [{ name: 't' }], result: [1] },
      { op: 'create', model: 'lab.node', vals: [{ name: 'a' }, { name: 'b' }], result: [1, 2] },
      on([1], 'write', { vals: { tag_ids: [[4, 1, 0]] } }),
      { ...flush, db: { 'lab.tag': [{ id: 1, name: 't' }], 'lab.node': [row(1, 'a'), row(2, 'b')], '@lab_node_tag_rel': [[1, 1]] } },
      { op: 'sql', result: null, db: { 'lab.tag': [{ id: 1, name: 'T' }], 'lab.node': [row(1, 'a'), row(2, 'B')], '@lab_node_tag_rel': [[2, 1]] } },
      { op: 'invalidate_all', result: null },
      on([1, 2], 'read', { fields: ['name', 'tag_ids'], result: { 1: { name: 'a', tag_ids: [] }, 2: { name: 'B', tag_ids: [1] } } }),
    ],
  })).toEqual([]);
});

test('what differs in results, calls, memory or rows is told; what cannot be performed is a failure', async () => {
  const state = (parts: object) => ({ cache: {}, tocompute: { 'lab.node.twice': [1, 2, 3] }, dirty: {}, ...parts });
  const failures = await replaying({
    result: [created, on([1], 'read', { fields: ['twice'], result: { 1: { twice: 3 } } })],
    calls: [created, { ...flush, calls: [['compute', 'lab.node._twice', [1, 2]]] }],
    value: [{ ...created, state: state({ cache: { 'lab.node.name': { 1: 'z' } } }) }],
    'value of theirs alone': [created, flush, { op: 'invalidate_all', result: null, state: { cache: { 'lab.node.amount': { 2: 9 } }, tocompute: {}, dirty: {} } }],
    queue: [{ ...created, state: state({ tocompute: {} }) }],
    rows: [{ ...created, db: {} }],
    error: [created, on([1], 'write', { vals: { amount: 2 }, result: undefined, error: 'MissingError' })],
    'unknown class': [created, on([1], 'write', { vals: {}, result: undefined, error: 'WeatherError' })],
    'unknown operation': [{ op: 'levitate', result: null }],
    'unknown field': [on([1], 'write', { vals: { weight: 1 } })],
    'known misuse': [created, on([1], 'write', { vals: { weight: 1 }, result: undefined, error: 'ValueError' }), on([1], 'read', { fields: ['weight'], result: undefined, error: 'KeyError' })],
    'unknown handle': [{ op: 'read', handle: 'h', fields: ['name'], result: {} }],
  });
  expect(failures).toEqual([
    expect.stringMatching(/^result: step 1 \(read of lab.node\): result\.1\.twice: expected 3, got 2/),
    expect.stringMatching(/^calls: step 1 \(flush_all\): calls\.compute lab\.node\._twice: expected 2 items \[1,2\], got 3/),
    expect.stringMatching(/^value: step 0 .*state\.cache\.lab\.node\.name.*expected "z", got "a"/),
    expect.stringMatching(/^value of theirs alone: step 2 .*state\.cache\.lab\.node\.amount.*expected 9, got 2/),
    expect.stringMatching(/^queue: step 0 .*state\.tocompute/),
    expect.stringMatching(/^rows: step 0 .*db\.lab\.node/),
    expect.stringMatching(/^error: step 1 .*error: expected "MissingError", got nothing|^error: step 1 .*result: expected nothing/),
    expect.stringContaining("there is no error class 'WeatherError'"),
    expect.stringContaining("there is no operation 'levitate'"),
    expect.stringMatching(/^unknown field: step 0 .*result: expected null, got nothing/),
    expect.stringContaining("there is no handle 'h'"),
  ]);
});

test('a statement more than the recorded server sent is a failure, and a departure of rows pays for its own', async () => {
  const sent = { sql: [{ op: 'INSERT', table: 'lab_node' }] };
  const folder = mkdtempSync(join(tmpdir(), 'oracle-orm-'));
  const scenarios = [{ name: 'n', steps: [{ ...created, ...sent }, { ...flush, db: { 'lab.node': [] } }] }];
  const replayed = async (departures: object): Promise<readonly string[]> => {
    writeFileSync(join(folder, 'orm-scenarios-n.json'), JSON.stringify({ format: 'ormolu-orm-scenarios/1', models, scenarios }));
    writeFileSync(join(folder, 'departures.json'), JSON.stringify(departures));
    return (await runFolder(folder)).files.flatMap(({ failures }) => failures.map(({ difference }) => difference));
  };
  try {
    expect(await replayed({ n: { because: 'rows', steps: { 1: { 'db.lab_node': { any: true } } } } })).toEqual([]);
    scenarios[0]?.steps.pop();
    scenarios[0]?.steps.push(flush as never);
    expect(await replayed({})).toEqual(['1 statements UPDATE were sent, and a recorded server sent 0']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
