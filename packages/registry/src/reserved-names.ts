/** The members of records: a field of such a name could not be read. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'env', 'model', 'ids', 'id', 'length', 'prefetchIds', 'prefetchGroup', 'at', 'first', 'ensureOne', 'withEnv', 'browse', 'create', 'search', 'count', 'where', 'load',
  'read', 'write', 'unlink', 'copy', 'exists', 'flush', 'new', 'save', 'mapped', 'filtered', 'sorted', 'grouped', 'union', 'intersect', 'subtract',
  'modified', 'invalidate', 'recompute', 'readGroup', 'get', 'set', 'toJSON', 'then', ...Object.getOwnPropertyNames(Object.prototype),
]);

/** Words of filters: a field of such a name could not be filtered by. */
export const FILTER_WORDS: ReadonlySet<string> = new Set(['or', 'and', 'not']);

/** Whether every object has something of this name: looking it up in one that was not given it would find that. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}
