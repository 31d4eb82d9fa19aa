import { NewId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { KeyedValues } from '../environment/keyed-values';
import { DraftError, WriteRefusedError } from '../errors';
import { groupBy } from '../group-by';
import type { NewRow } from './batch-parts';
import { fieldsOf } from './fields-of';

/** A many2one of a new record that refers to another new record, for some company at least. */
export interface Reference {
  readonly from: NewRow;
  readonly field: Field;
  readonly to: NewRow;
}

/**
 * New records in the order in which they can be inserted: those referred to before those who refer to them, one part a model.
 *
 * Where references go round in a circle, one that is not required waits until both records are there. Required ones within a model
 * part it into levels, unless their ids are given.
 * @throws {WriteRefusedError} TX_REFERENCE_CYCLE when required references go round in a circle
 */
export function insertOrder(rows: readonly NewRow[], among: readonly Reference[]): readonly (readonly NewRow[])[] {
  const waiting = new Map(groupBy(rows, ({ model }) => model));
  // One INSERT can hold who refers to each other by the ids that they are given.
  const isOfOne = ({ from, to }: Reference): boolean => from.model === to.model && to.given !== undefined;
  const parted = new Set(among.filter((reference) => reference.field.isRequired && !isOfOne(reference)).map(({ from }) => from.model));
  let references = among.filter((reference) => parted.has(reference.from.model) || !isOfOne(reference));
  const parts: (readonly NewRow[])[] = [];
  const place = (part: readonly NewRow[]): void => {
    parts.push(part);
    if (references.length === 0) return;
    const placed = new Set(part);
    references = references.filter(({ from, to }) => !placed.has(to) && !placed.has(from));
  };
  while (waiting.size > 0) {
    const model = nextModel(waiting.keys(), references);
    if (model) {
      place(waiting.get(model) ?? []);
      waiting.delete(model);
      continue;
    }
    const held = new Set(references.filter(({ field }) => field.isRequired).map(({ from }) => from));
    const [level] = [...waiting].flatMap(([of, all]) => {
      const ready = all.filter((row) => !held.has(row));
      return ready.length > 0 ? [{ of, ready, left: all.filter((row) => held.has(row)) }] : [];
    });
    if (!level) throw circle(references);
    place(level.ready);
    waiting.set(level.of, level.left);
  }
  return parts;
}

/** A model all of whose records can be inserted now: best one that waits for nothing, else one that waits for nothing it requires. */
function nextModel(models: Iterable<Model>, references: readonly Reference[]): Model | undefined {
  const waits = new Map<Model, Set<Model>>();
  const must = new Set<Model>();
  for (const { from, field, to } of references) {
    if (field.isRequired) must.add(from.model);
    if (from.model !== to.model) waits.set(from.model, (waits.get(from.model) ?? new Set<Model>()).add(to.model));
  }
  const free = [...models].filter((model) => !must.has(model));
  // Only references within a circle need to be written afterwards: who merely waits for the circle goes on waiting.
  return free.find((model) => !waits.has(model)) ?? free.find((model) => reaches(waits, model)) ?? free[0];
}

/** Whether a model waits for itself, by way of others. */
function reaches(waits: ReadonlyMap<Model, ReadonlySet<Model>>, model: Model): boolean {
  const seen = new Set<Model>();
  const work = [model];
  for (let here = work.pop(); here; here = work.pop()) {
    for (const next of waits.get(here) ?? []) {
      if (next === model) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      work.push(next);
    }
  }
  return false;
}

/**
 * The references of new records to each other.
 * @throws {DraftError} TX_DRAFT_UNSAVED when one refers to a draft that is not among them
 */
export function referencesAmong(rows: readonly NewRow[]): readonly Reference[] {
  const found: { readonly from: NewRow; readonly field: Field; readonly to: NewId }[] = [];
  for (const from of rows) {
    for (const field of referringOf(from.model)) {
      const value = from.values.get(field);
      if (value instanceof NewId) found.push({ from, field, to: value });
      else if (value instanceof KeyedValues) for (const to of new Set(value.values())) if (to instanceof NewId) found.push({ from, field, to });
    }
  }
  if (found.length === 0) return [];
  const byId = new Map<NewId, NewRow>(rows.map((row) => [row.id, row]));
  return found.map(({ from, field, to: id }) => {
    const to = byId.get(id);
    if (!to) throw new DraftError(field, id);
    return { from, field, to };
  });
}

const referringOf = fieldsOf(({ relation, isStored }) => relation !== undefined && isStored);

function circle(references: readonly Reference[]): WriteRefusedError {
  const names = [...new Set(references.filter(({ field }) => field.isRequired).map(({ field }) => field.toString()))];
  return new WriteRefusedError('TX_REFERENCE_CYCLE', `New records require each other in a circle, through ${names.join(', ')}: none of them can be inserted first. Create one with an existing record there, or let one of the fields be empty.`, {
    details: { fields: names },
  });
}
