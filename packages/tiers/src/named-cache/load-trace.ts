import { isTraced, traced } from '../metrics/tracing';
import { OTHER_KEYS } from './model-tally';

/** Calls a loader, seen by whoever traces. */
export function traceLoad<T>(cache: string, keys: readonly string[], load: () => T | Promise<T>): T | Promise<T> {
  if (!isTraced()) return load();
  const [key = ''] = keys;
  const end = key.indexOf(':');
  const attributes = { 'ormolu.cache': cache, 'ormolu.model': end < 1 ? OTHER_KEYS : key.slice(0, end), 'ormolu.keys': keys.length };
  // A loader may throw before it gives a promise.
  return traced({ name: 'ormolu.load', isCall: false, attributes }, async () => load());
}
