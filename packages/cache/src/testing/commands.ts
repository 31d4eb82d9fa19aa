import * as fc from 'fast-check';
import { sameValue } from '../same-value';
import { defaultWorld, operations, type OperationOptions, type TestWorld } from './arbitraries';
import { CacheModel } from './cache-model';
import { observe, perform, sameOutcome, type CacheOperation, type Subject } from './operations';

/** One call made on the model and on the cache under test; both must answer the same and be the same afterwards. */
export class CacheCommand implements fc.Command<Subject, Subject> {
  readonly operation: CacheOperation;
  readonly #world: TestWorld;

  constructor(operation: CacheOperation, world: TestWorld) {
    this.operation = operation;
    this.#world = world;
  }

  check(): boolean {
    return true;
  }

  /** @throws {Error} when the two differ */
  run(model: Subject, real: Subject): void {
    const expected = perform(this.operation, model);
    const actual = perform(this.operation, real);
    if (!sameOutcome(expected, actual)) throw new Error(`${this.toString()} came to ${fc.stringify(actual)}, and should to ${fc.stringify(expected)}`);
    const modelState = observe(model, this.#world.fields);
    const realState = observe(real, this.#world.fields);
    if (!sameValue(modelState, realState)) throw new Error(`after ${this.toString()} the cache holds ${fc.stringify(realState)}, and should ${fc.stringify(modelState)}`);
  }

  toString(): string {
    const { call, ...rest } = this.operation;
    return `${call}(${fc.stringify(rest)})`;
  }
}

/** How scripts of commands are drawn. */
export interface CommandOptions extends OperationOptions {
  /** @defaultValue {@link defaultWorld} */
  readonly world?: TestWorld | undefined;
  /**
   * The longest script.
   * @defaultValue 100
   */
  readonly maxCommands?: number | undefined;
}

/**
 * Scripts of commands, for `fc.modelRun`:
 * ```ts
 * fc.assert(fc.property(cacheCommands(), (commands) => fc.modelRun(() => subjects(new MyCache()), commands)));
 * ```
 */
export function cacheCommands(options: CommandOptions = {}): fc.Arbitrary<Iterable<fc.Command<Subject, Subject>>> {
  const world = options.world ?? defaultWorld();
  const command = operations(world, options).map((operation) => new CacheCommand(operation, world));
  return fc.commands([command], { maxCommands: options.maxCommands ?? 100, size: 'max' });
}

/** A fresh model beside a cache under test, as `fc.modelRun` wants them. */
export function subjects(cache: Subject['cache']): { model: Subject; real: Subject } {
  return { model: { cache: new CacheModel(), marks: [] }, real: { cache, marks: [] } };
}
