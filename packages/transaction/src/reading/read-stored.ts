import type { Columns, ReadQuestion } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { sourceLanguage } from '../environment/keyed-fields';
import type { Transaction } from '../transaction';

/**
 * Reads stored values past every cache, in the cache's form.
 *
 * @param placeOf - where a field with a value per company or language keeps the value wanted
 */
export async function readStored(tx: Transaction, question: ReadQuestion, placeOf: (by: NonNullable<Field['keyedBy']>) => string | null): Promise<Columns> {
  const answer = await tx.below.readPast(question);
  const columns = question.fields.map((name, at) => {
    const field = tx.registry.field(question.model, name);
    const raw = answer.columns[at] ?? [];
    if (!field.keyedBy) return raw.map((value) => field.fromColumn(value));
    const places = [placeOf(field.keyedBy), ...(field.keyedBy === 'lang' ? [sourceLanguage(tx)] : [])];
    return raw.map((value) => field.fromColumn(valueAt(value, places)));
  });
  return { ids: answer.ids, columns };
}

/** What a keyed column holds under the first of some places that is there. */
function valueAt(raw: unknown, places: readonly (string | null)[]): unknown {
  if (typeof raw !== 'object' || raw === null) return null;
  const values = new Map<string, unknown>(Object.entries(raw));
  const place = places.find((one) => one !== null && values.has(one));
  return place === undefined || place === null ? null : values.get(place);
}
