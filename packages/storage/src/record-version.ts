import { ConcurrentModificationError, MisuseError, VERSION_FIELD, type Columns, type ColumnSchema, type Schema, type StoredId, type VersionConflict } from '@ormolu/kernel';

/** Ids and the versions that their records are to have, side by side; null: any. */
export interface ExpectedVersions {
  readonly model: string;
  readonly ids: readonly StoredId[];
  readonly expected: readonly (bigint | null)[];
}

/** The column that keeps the version. @throws {MisuseError} STORAGE_NOT_VERSIONED when the model has none */
export function versionColumn(schema: Schema, model: string): ColumnSchema {
  if (!schema.table(model).versioned) {
    throw new MisuseError('STORAGE_NOT_VERSIONED', `Versions were expected of model '${model}', whose records have none. Give the model the option versioned: true and migrate.`, { details: { model } });
  }
  return schema.column(model, VERSION_FIELD);
}

/** A column that may be written. @throws {MisuseError} STORAGE_VERSION_WRITTEN for the version, which the database raises itself */
export function writableColumn(schema: Schema, model: string, field: string): ColumnSchema {
  if (field === VERSION_FIELD) {
    throw new MisuseError('STORAGE_VERSION_WRITTEN', `The version of a record of model '${model}' was to be written. The database raises it by itself; say which one you expect instead.`, { details: { model } });
  }
  return schema.column(model, field);
}

/** The ids that a versioned statement should have met and did not. */
export function unmet({ ids, expected }: ExpectedVersions, met: readonly StoredId[]): readonly StoredId[] {
  const known = new Set(met);
  return ids.filter((id, n) => expected[n] !== null && !known.has(id));
}

/**
 * Looks whether records have the versions expected of them.
 *
 * @param found - ids with their versions; those that do not exist left out
 * @returns undefined when all have
 */
export function versionError({ model, ids, expected }: ExpectedVersions, suspects: readonly StoredId[], found: Columns): ConcurrentModificationError | undefined {
  const wanted = new Map(ids.map((id, n) => [id, expected[n] ?? null]));
  const versions = new Map(found.ids.map((id, n) => [id, found.columns[0]?.[n] as bigint])); // the one column asked for
  const conflicts = suspects.flatMap((id): VersionConflict[] => {
    const version = wanted.get(id) ?? null;
    const there = versions.get(id) ?? null;
    return version === null || version === there ? [] : [{ model, id, expected: version, found: there }];
  });
  const [first, ...others] = conflicts;
  return first && new ConcurrentModificationError(first, others);
}
