import { condition, ConstraintError, describeIds, type Id, type StoredId } from '@ormolu/kernel';
import { listsOver, sideOf, type Pair } from '../lists/relation-tables';
import type { PairChange } from '../lists/pending-pairs';
import type { Transaction } from '../transaction';

/**
 * Writes the queued rows of relation tables, of all or of some.
 *
 * @param isWanted - which tables
 * @remarks One DELETE and one INSERT per table; a SELECT before the DELETE when the rows to delete have not passed by.
 */
export async function flushPairs(tx: Transaction, isWanted: (table: string) => boolean = () => true): Promise<void> {
  if (tx.pairs.tables().some(isWanted)) await tx.pairs.oneByOne(() => sendPairs(tx, tx.pairs.tables().filter(isWanted)));
}

async function sendPairs(tx: Transaction, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const removed = pending(tx, table, 'removed');
    if (removed.length > 0) await tx.pairs.sending(table, removed, 'removed', () => removePairs(tx, table, removed));
    // Whoever was to be added may have been taken out meanwhile.
    const added = pending(tx, table, 'added');
    if (added.length > 0) await tx.pairs.sending(table, added, 'added', () => addPairs(tx, table, added));
  }
}

function pending(tx: Transaction, table: string, wanted: PairChange): readonly Pair[] {
  return [...tx.pairs.of(table)].flatMap(([pair, change]) => (change === wanted ? [pair] : []));
}

async function addPairs(tx: Transaction, table: string, pairs: readonly Pair[]): Promise<void> {
  const fields = columnsOf(tx, table);
  // Another transaction may have added the same pair.
  const columns = [pairs.map(([first]) => first), pairs.map(([, second]) => second)] as const;
  const rows = await tx.below.insert({ model: table, count: pairs.length, fields, columns, skipsExisting: true }).catch((error: unknown) => {
    throw error instanceof ConstraintError ? ofList(tx, table, { error, ids: columns[fields.indexOf(String(error.details['field']))] ?? [] }) : error;
  });
  // When some were left out, nobody knows which row is whose; who needs to know looks them up.
  if (rows.length === pairs.length) pairs.forEach((pair, place) => {
    tx.pairRows.know(table, pair, rows[place] ?? 0);
  });
}

/** The same refusal, in words of the lists that the user knows; of the relation table he knows nothing. */
function ofList(tx: Transaction, table: string, { error, ids }: { readonly error: ConstraintError; readonly ids: readonly Id[] }): ConstraintError {
  const list = listsOver(tx.registry, table).find((one) => sideOf(one)?.other === error.details['field']);
  if (!list || error.code !== 'STORAGE_FOREIGN_KEY') return error;
  const members = [...new Set(ids)];
  const model = list.relation?.comodel ?? '';
  return new ConstraintError('STORAGE_FOREIGN_KEY', `${list.toString()} was to hold ${model}(${describeIds(members)}), ${members.length === 1 ? 'which does not exist' : 'of which not all exist'}. Check with records.exists() first.`, {
    cause: error,
    details: { ...error.details, model: list.model, field: list.name, ids: members },
  });
}

async function removePairs(tx: Transaction, table: string, pairs: readonly Pair[]): Promise<void> {
  const known = pairs.map((pair) => tx.pairRows.of(table, pair));
  const gone = known.every((rows) => rows.length > 0) ? await deleteRows(tx, table, known.flat()) : new Set<StoredId>();
  // Whose rows are not known, or known no longer, are looked up.
  const left = pairs.filter((_, place) => !known[place]?.some((row) => gone.has(row)));
  if (left.length > 0) await deleteRows(tx, table, await rowsOf(tx, table, left));
}

async function deleteRows(tx: Transaction, table: string, rows: readonly StoredId[]): Promise<ReadonlySet<StoredId>> {
  if (rows.length === 0) return new Set();
  return new Set(await tx.below.delete(table, rows));
}

async function rowsOf(tx: Transaction, table: string, pairs: readonly Pair[]): Promise<readonly StoredId[]> {
  const fields = columnsOf(tx, table);
  const wanted = new Map<unknown, Set<unknown>>();
  for (const [first, second] of pairs) wanted.set(first, (wanted.get(first) ?? new Set()).add(second));
  const answer = await tx.below.query({ model: table, filter: condition([fields[0]], 'in', [...wanted.keys()]), fields });
  const [firsts = [], seconds = []] = answer.columns;
  return answer.ids.filter((_, place) => wanted.get(firsts[place])?.has(seconds[place]));
}

/** The two columns in the order in which pairs name their records. */
function columnsOf(tx: Transaction, table: string): readonly [string, string] {
  const [first = '', second = ''] = tx.registry.schema.table(table).columns.map(({ field }) => field).sort();
  return [first, second];
}
