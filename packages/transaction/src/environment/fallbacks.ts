import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { UndoLog } from '../undo/undo-log';

/**
 * Which cached values of translated fields are the source language's, because there is no translation: they follow it when it is
 * written, and a value of their own ends that.
 */
export class Fallbacks {
  readonly #followers = new Map<Field, Map<string, Set<Id>>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** Whether a language shows the source's value of a record. */
  has(field: Field, lang: string, id: Id): boolean {
    return this.#followers.get(field)?.get(lang)?.has(id) ?? false;
  }

  /** What was fetched has no translation. Nobody takes that back: it is what the database says. */
  note(field: Field, lang: string, ids: Iterable<Id>): void {
    let languages = this.#followers.get(field);
    if (!languages) this.#followers.set(field, (languages = new Map<string, Set<Id>>()));
    let known = languages.get(lang);
    if (!known) languages.set(lang, (known = new Set<Id>()));
    for (const id of ids) known.add(id);
  }

  /** A translation was written. */
  end(field: Field, lang: string, ids: readonly Id[]): void {
    const known = this.#followers.get(field)?.get(lang);
    const ended = known ? ids.filter((id) => known.delete(id)) : [];
    if (ended.length > 0) this.#undo.push(() => {
      for (const id of ended) known?.add(id);
    });
  }

  /** The languages that show the source's value, with the records of which they do. */
  of(field: Field, ids: readonly Id[]): readonly (readonly [lang: string, ids: readonly Id[]])[] {
    return [...(this.#followers.get(field) ?? [])].flatMap(([lang, known]) => {
      const following = ids.filter((id) => known.has(id));
      return following.length > 0 ? [[lang, following] as const] : [];
    });
  }

  clear(): void {
    const before = [...this.#followers];
    this.#followers.clear();
    this.#undo.push(() => {
      for (const [field, languages] of before) this.#followers.set(field, languages);
    });
  }
}
