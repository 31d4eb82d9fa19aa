import type { KindOptions } from '../field';
import { plainKind, Refusal, UNFINDABLE, type FieldKind } from './field-kind';

const STORABLE = 'without NUL characters and halves of surrogate pairs';

/** PostgreSQL has no NUL character, and half a surrogate pair has no UTF-8 form. */
export function isStorableText(text: string): boolean {
  // Node 20 has isWellFormed; the library declarations of our target do not yet.
  return !text.includes('\0') && (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** char, text and html: they differ in what they are meant for, and in how a page would show them. */
export function textKind(name: 'char' | 'text' | 'html', { size }: KindOptions): FieldKind {
  const refusal = new Refusal(size === undefined ? `text ${STORABLE}` : `text of at most ${size} characters, ${STORABLE}`);
  const take = (value: unknown): unknown => (typeof value === 'string' && isStorableText(value) && fits(value, size) ? value : refusal);
  return { ...plainKind({ name, columnType: 'text', expects: refusal.expected, accepts: () => true }), take, takeConstant: textConstant };
}

/** Any text may be looked for, also one that is too long, or a word that a selection has no longer. */
function textConstant(value: unknown): unknown {
  if (typeof value !== 'string') return new Refusal('text');
  return isStorableText(value) ? value : UNFINDABLE;
}

/** PostgreSQL counts code points, and so does this; there are never more of them than UTF-16 units. */
function fits(text: string, size: number | undefined): boolean {
  return size === undefined || text.length <= size || (text.length <= 2 * size && Array.from(text).length <= size);
}

/** One of the texts that the definition lists. */
export function selectionKind({ values = [] }: KindOptions): FieldKind {
  const known = new Set<unknown>(values);
  const kind = plainKind({ name: 'selection', columnType: 'text', expects: `one of ${values.map((value) => `'${value}'`).join(', ')}`, accepts: (value) => known.has(value) });
  return { ...kind, takeConstant: textConstant };
}

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/** A uuid in lower case, with its hyphens. */
export const uuidKind: FieldKind = {
  ...plainKind({
    name: 'uuid',
    columnType: 'uuid',
    expects: 'a uuid: 32 hexadecimal digits, in groups of 8-4-4-4-12',
    accepts: (value) => typeof value === 'string' && UUID.test(value),
    toCache: canonicalUuid,
  }),
  takeConstant: (value) => (typeof value !== 'string' ? new Refusal('a uuid') : UUID.test(value) ? canonicalUuid(value) : UNFINDABLE),
};

function canonicalUuid(value: unknown): string {
  return String(value).replace(UUID, '$1-$2-$3-$4-$5').toLowerCase();
}
