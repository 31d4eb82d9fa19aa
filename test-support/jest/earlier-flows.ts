// Before each test file: the async storages of the files before it are turned off.
import hooks, { type AsyncLocalStorage } from 'node:async_hooks';

// Each file loads modules of its own, and each copy of them its own storages, while those of earlier files stay on in the process: before
// Node 24, every promise anybody makes is then given a field by each of them. In a loop of
// awaits alone, 350 storages that are on took 66 times what seven take.
const NOTED = Symbol.for('ormolu.test-support.flows');

/** What is kept with Node's own module, which is one for all files of a process. */
const kept = hooks as typeof hooks & { [NOTED]?: Set<AsyncLocalStorage<unknown>> };

const earlier = kept[NOTED];
if (earlier === undefined) {
  const noted = (kept[NOTED] = new Set<AsyncLocalStorage<unknown>>());
  class Noted<T> extends hooks.AsyncLocalStorage<T> {
    constructor(...args: ConstructorParameters<typeof AsyncLocalStorage<T>>) {
      super(...args);
      noted.add(this);
    }
  }
  Object.defineProperty(hooks, 'AsyncLocalStorage', { value: Noted, configurable: true, enumerable: true });
} else {
  for (const storage of earlier) storage.disable();
  earlier.clear();
}
