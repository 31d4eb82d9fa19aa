import * as fc from 'fast-check';
import { sameValue } from '../same-value';
import { corners, defaultWorld, lookAlikes, operations, type OperationOptions, type TestWorld } from './arbitraries';
import { CacheModel } from './cache-model';
import { observe, perform, sameOutcome, TestRecords, type CacheOperation, type Subject } from './operations';

/**
 * One call made on the model and on the cache under test; both must answer the same, hold the same afterwards, and answer every question
 * about the records of the call alike.
 */
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
    answerAlike(this.operation, model, real);
    const modelState = observe(model, this.#world.fields);
    const realState = observe(real, this.#world.fields);
    if (!sameValue(modelState, realState)) throw new Error(`after ${this.toString()} the cache holds ${fc.stringify(realState)}, and should ${fc.stringify(modelState)}`);
    for (const question of questionsAfter(this.operation)) answerAlike(question, model, real, ` after ${this.toString()}`);
  }

  toString(): string {
    return textOf(this.operation);
  }
}

function answerAlike(operation: CacheOperation, model: Subject, real: Subject, when = ''): void {
  const expected = perform(operation, model);
  const actual = perform(operation, real);
  if (!sameOutcome(expected, actual)) throw new Error(`${textOf(operation)}${when} came to ${fc.stringify(actual)}, and should to ${fc.stringify(expected)}`);
}

function textOf({ call, ...rest }: CacheOperation): string {
  return `${call}(${fc.stringify(rest)})`;
}

/** What careless code gets wrong about odd values is seen only by who asks: every question about the records of a call, and each of them. */
function* questionsAfter(operation: CacheOperation): Generator<CacheOperation> {
  if (!('field' in operation) || !('records' in operation)) return;
  const { field, records } = operation;
  for (const call of ['getValues', 'getUntilMiss', 'getMissingIds'] as const) yield { call, records, field };
  for (const value of lookAlikes) yield { call: 'getRecordsDifferentFrom', records, field, value };
  for (const id of new Set(records.ids)) {
    const record = new TestRecords(records.model, [id], records.env);
    for (const call of ['contains', 'get', 'isDirty'] as const) yield { call, records: record, field };
    yield { call: 'getOr', records: record, field, value: 'no value' };
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
 * Scripts of commands, most of them about a corner of the world, for `fc.modelRun`:
 * ```ts
 * fc.assert(fc.property(cacheCommands(), (commands) => fc.modelRun(() => subjects(new MyCache()), commands)));
 * ```
 */
export function cacheCommands(options: CommandOptions = {}): fc.Arbitrary<Iterable<fc.Command<Subject, Subject>>> {
  const whole = options.world ?? defaultWorld();
  return fc.oneof({ weight: 4, arbitrary: corners(whole) }, { weight: 1, arbitrary: fc.constant(whole) }).chain((world) => {
    const command = operations(world, options).map((operation) => new CacheCommand(operation, world));
    return fc.commands([command], { maxCommands: options.maxCommands ?? 100, size: 'max' });
  });
}

/** A fresh model beside a cache under test, as `fc.modelRun` wants them. */
export function subjects(cache: Subject['cache']): { model: Subject; real: Subject } {
  return { model: { cache: new CacheModel(), marks: [] }, real: { cache, marks: [] } };
}
