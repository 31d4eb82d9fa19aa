import { produce } from 'immer';
import { buildRegistry } from './build';
import type { FieldDefinition } from './define-fields';
import type { Registry } from './registry';
import type { CheckedPaths } from './infer/paths';
import type { Definitions, FieldName, ModelName, ReadValue } from './infer/values';
import type { RecordOf, RecordSetOf } from './infer/records';

/** A compute as it is defined. */
export interface ComputeDefinition {
  readonly model: string;
  readonly fields: readonly string[];
  readonly depends: readonly string[];
  readonly isBatch: boolean;
  readonly run: (records: never) => unknown;
}

/** Everything defined so far: plain, frozen, shared between the versions that are made from it. */
export interface ModelsState {
  readonly version: number;
  readonly models: Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>;
  readonly computes: readonly ComputeDefinition[];
}

/**
 * Models under definition. Immutable: every call gives a new version that shares what did not change.
 *
 * `D` is what the compiler knows of them; nobody writes it down.
 */
export class Models<D> {
  /** The plain description. */
  readonly state: ModelsState;
  /** Only the compiler reads this. */
  declare readonly infer?: D;
  #registry: Registry | undefined;

  constructor(state: ModelsState) {
    this.state = state;
  }

  /**
   * Says how a field is computed: from one record, which the function gets, to its value, which it returns.
   *
   * @param depends - every path that the function reads, `'country.name'`; what is not named here is not noticed when it changes
   * @param run - plain synchronous code; null where there is nothing
   */
  compute<M extends ModelName<D>, F extends FieldName<D, M>, const P extends readonly string[]>(
    model: M, field: F, depends: P & CheckedPaths<D, M, P>, run: (record: RecordOf<D, M>) => ReadValue<D, D[M][F]>,
  ): Models<D> {
    return this.#with({ model, fields: [field], depends, isBatch: false, run });
  }

  /**
   * Says how fields are computed together: the function gets a set and assigns every field of every record.
   *
   * @param depends - every path that the function reads
   */
  computeBatch<M extends ModelName<D>, const P extends readonly string[]>(
    model: M, fields: readonly FieldName<D, M>[], depends: P & CheckedPaths<D, M, P>, run: (records: RecordSetOf<D, M>) => void,
  ): Models<D> {
    return this.#with({ model, fields, depends, isBatch: true, run });
  }

  /**
   * The registry of this version: checked as a whole, built once.
   *
   * @throws {ModelSetupError} REGISTRY_SETUP_FAILED listing every problem
   */
  registry(): Registry {
    this.#registry ??= buildRegistry(this.state);
    return this.#registry;
  }

  #with(compute: ComputeDefinition): Models<D> {
    return new Models(produce(this.state, (draft) => {
      draft.version += 1;
      // Immer drafts are mutable views of the same shape; the definition itself stays frozen.
      (draft.computes as ComputeDefinition[]).push(compute);
    }));
  }
}

/**
 * Defines models: name → field name → field.
 *
 * @example
 * const models = defineModels({ tag: { name: char({ required: true }) } })
 */
export function defineModels<const D extends Definitions & Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>>(models: D): Models<D> {
  return new Models<D>(produce({ version: 1, models: {}, computes: [] } as ModelsState, () => ({ version: 1, models, computes: [] })));
}
