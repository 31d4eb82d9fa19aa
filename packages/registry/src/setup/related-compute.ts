/** What a related field needs of a record: its fields as properties. */
type AnyRecord = Readonly<Record<string, unknown>> | null;

/** Gives what stands at the end of a path; null as soon as there is nothing to go on from. */
export function readRelated(path: readonly string[]): (record: never) => unknown {
  return (record) => {
    let here: unknown = record;
    for (const name of path) {
      if (here === null || here === undefined) return null;
      here = (here as NonNullable<AnyRecord>)[name];
    }
    return here ?? null;
  };
}

/** Writes a record's related value to where it was read; nothing is written when there is no such record. */
export function writeRelated(name: string, path: readonly string[]): (record: never) => void {
  const [last = '', ...before] = [...path].reverse();
  const hold = readRelated(before.reverse());
  return (record) => {
    const holder = path.length === 1 ? record : hold(record);
    // Records are writable by property; the read-only view above is what reading needs.
    if (holder !== null) (holder as Record<string, unknown>)[last] = (record as Readonly<Record<string, unknown>>)[name];
  };
}

/** Finds records by a related value: the same comparison at the end of the path. */
export function searchRelated(path: readonly string[]): (operator: never, value: never) => unknown {
  return (operator: string, value: unknown) => ({ [path.join('.')]: { [operator]: value } });
}
