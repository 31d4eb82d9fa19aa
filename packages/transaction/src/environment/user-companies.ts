import type { StoredId, Tag } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { companyField } from './actors';
import type { Transaction } from '../transaction';
import { recordsOf } from '../values';

/**
 * The companies of the users that a transaction has met, as the database has told them: known from its first statement on, whatever memory forgets.
 *
 * @remarks What the transaction's own statements may have changed of them is a read like any other.
 */
export class UserCompanies {
  readonly #tx: Transaction;
  /** By the field that told them, because another version of the models may name another, and by user. */
  readonly #met = new Map<string, Map<number, StoredId | null>>();

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  /** Remembers the company of a user in memory, if the database has told it and no write has. */
  meet(field: Field, uid: number): void {
    const { cache, rootEnv } = this.#tx;
    // What is computed anew follows from what nobody looks at here.
    if (field.compute || cache.hasDirtyFields(recordsOf(rootEnv, field, [uid]), [field])) return;
    const company = rootEnv.peek(field, uid) as StoredId | null | undefined; // as the database keeps a many2one
    if (company !== undefined) this.#put(keyOf(field), uid, company);
  }

  /** The company of a user who is not in memory any more; undefined when it is in memory, or was not met. */
  of(field: Field, uid: number): StoredId | null | undefined {
    return this.#tx.rootEnv.peek(field, uid) === undefined ? this.#met.get(keyOf(field))?.get(uid) : undefined;
  }

  /** Rows have been changed. @param fields - which of their columns; any, when they are not named */
  changed(model: string, ids: readonly StoredId[], fields?: readonly string[]): void {
    if (this.#met.size === 0 || model !== this.#tx.actors.users) return;
    const field = companyField(this.#tx.registry, this.#tx.actors);
    if (field && (fields?.includes(field.name) ?? true)) for (const id of ids) this.#forget(keyOf(field), id);
  }

  /** Others have changed rows along with a statement. */
  touched(tags: readonly Tag[]): void {
    if (this.#met.size === 0) return;
    const known = new Set([...this.#met.values()].flatMap((ofField) => [...ofField.keys()]));
    // The log writes ids as texts, and none for a whole model.
    for (const { model, id, fields } of tags) this.changed(model, [...known].filter((uid) => id === undefined || String(id) === String(uid)), fields);
  }

  /** Nobody can tell what has been changed. */
  clear(): void {
    for (const [key, ofField] of this.#met) for (const uid of ofField.keys()) this.#forget(key, uid);
  }

  #put(key: string, uid: number, company: StoredId | null): void {
    let ofField = this.#met.get(key);
    if (!ofField) this.#met.set(key, (ofField = new Map<number, StoredId | null>()));
    const known = ofField;
    const before = known.get(uid);
    if (before === company) return;
    known.set(uid, company);
    this.#tx.undo.push(() => {
      if (before === undefined) known.delete(uid);
      else known.set(uid, before);
    });
  }

  #forget(key: string, id: StoredId): void {
    const known = this.#met.get(key);
    const uid = Number(id);
    const before = known?.get(uid);
    if (!known || before === undefined) return;
    known.delete(uid);
    this.#tx.undo.push(() => { known.set(uid, before); });
  }
}

function keyOf(field: Field): string {
  return `${field.toString()}:${field.relation?.comodel ?? ''}`;
}
