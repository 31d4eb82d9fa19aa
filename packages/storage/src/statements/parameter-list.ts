import type { ColumnType } from '@ormolu/kernel';
import type { ValuePlace } from '../column-types';
import { PARAMETER_TYPES, type Parameter } from '../wire/parameter';

/** Collects the parameters of one statement and hands out the text that stands for each. */
export class ParameterList {
  readonly #parameters: Parameter[] = [];

  get all(): readonly Parameter[] {
    return this.#parameters;
  }

  /** @returns `$1::int4` and the like */
  one(type: ColumnType, value: unknown, place: ValuePlace): string {
    return `${this.#add({ kind: 'one', type, value, place })}::${PARAMETER_TYPES[type]}${type === 'numeric' ? '::numeric' : ''}`;
  }

  /** @returns `$1::int4[]` and the like: one parameter, however long the list */
  many(type: ColumnType, values: readonly unknown[], place: ValuePlace): string {
    return `${this.#add({ kind: 'many', type, values, place })}::${PARAMETER_TYPES[type]}[]${type === 'numeric' ? '::numeric[]' : ''}`;
  }

  #add(parameter: Parameter): string {
    this.#parameters.push(parameter);
    return `$${this.#parameters.length}`;
  }
}
