import { randomUUID } from 'node:crypto';
import { NewId, type StoredId } from '@ormolu/kernel';
import type { Model } from '@ormolu/registry';
import { argument, assertIds } from '../check-call';
import { RequiredError } from '../errors';
import type { Values } from '../lists/list-commands';

/** Whether values for a new record may name its id: texts, which the database does not make, and uuids, which anybody can. */
export function takesIds({ idType }: Model): boolean {
  return idType === 'text' || idType === 'uuid';
}

/**
 * The id that values for a new record of a model that {@link takesIds} name.
 *
 * @returns undefined when they name none
 * @throws {MisuseError} TX_ARGUMENT when it can be none
 */
export function givenId(model: Model, { id }: Values, call: string): StoredId | undefined {
  if (id === undefined) return undefined;
  if (id instanceof NewId) throw argument(call, id, 'a text as id: those of drafts are temporary');
  assertIds(model, [id], call);
  return id as StoredId; // as it was checked
}

/** @throws {RequiredError} TX_REQUIRED when the ids of a model are texts and none is given */
export function requireId({ name, idType }: Model, given: StoredId | undefined): void {
  if (idType !== 'text' || given !== undefined) return;
  throw new RequiredError(`A new ${name} needs an id: those of this model are texts, which the database does not make. Give it as id, among the values.`, { model: name, name: 'id' });
}

/** The ids of new rows, where any of them was given; the others get one here, because an INSERT names all or none. */
export function idsOf(rows: readonly { readonly given: StoredId | undefined }[]): readonly StoredId[] | undefined {
  return rows.some(({ given }) => given !== undefined) ? rows.map(({ given }) => given ?? randomUUID()) : undefined;
}
