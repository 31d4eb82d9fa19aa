/** The members of records: a field of such a name could not be read. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'env', 'model', 'ids', 'id', 'length', 'prefetchIds', 'prefetchGroup', 'at', 'first', 'ensureOne', 'withEnv', 'browse', 'create', 'search', 'count', 'where', 'load',
  'read', 'write', 'unlink', 'copy', 'exists', 'flush', 'new', 'save', 'mapped', 'filtered', 'sorted', 'grouped', 'union', 'intersect', 'subtract',
  'modified', 'invalidate', 'recompute', 'readGroup', 'get', 'set', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'toJSON',
  'toLocaleString', 'propertyIsEnumerable', '__proto__', 'then',
]);
