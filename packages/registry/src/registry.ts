import { UnknownFieldError, UnknownModelError, type Schema } from '@ormolu/kernel';
import type { Field } from './field';
import type { Model } from './model';
import { TriggerTrees, type TriggerTree } from './trigger-tree';

/** What a registry is built from: resolved and checked. */
export interface RegistryParts {
  readonly version: number;
  readonly models: ReadonlyMap<string, Model>;
  readonly schema: Schema;
  readonly depends: ReadonlyMap<Field, readonly (readonly Field[])[]>;
  readonly inverses: ReadonlyMap<Field, readonly Field[]>;
}

/** Everything that exists: models, fields, and who depends on whom. An immutable snapshot. */
export class Registry {
  readonly version: number;
  readonly models: ReadonlyMap<string, Model>;
  /** The tables, as a storage needs to know them. */
  readonly schema: Schema;
  readonly #depends: RegistryParts['depends'];
  readonly #inverses: RegistryParts['inverses'];
  readonly #trees: TriggerTrees;

  /** Registries come from `models.registry()`. */
  constructor({ version, models, schema, depends, inverses }: RegistryParts) {
    this.version = version;
    this.models = models;
    this.schema = schema;
    this.#depends = depends;
    this.#inverses = inverses;
    this.#trees = new TriggerTrees({ computed: [...depends.keys()], dependsOn: (field) => this.dependsOn(field), inversesOf: (field) => this.inversesOf(field) });
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN with the nearest name */
  model(name: string): Model {
    const model = this.models.get(name);
    if (!model) throw new UnknownModelError(name, this.models.keys());
    return model;
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN @throws {UnknownFieldError} FIELD_UNKNOWN with the nearest name */
  field(model: string, name: string): Field {
    const { fields } = this.model(model);
    const field = fields.get(name);
    if (!field) throw new UnknownFieldError(model, name, fields.keys());
    return field;
  }

  /** Who depends on a field, directly or through others: merged by common prefix, made when first asked for. */
  triggersOf(field: Field): TriggerTree {
    return this.#trees.transitive(field);
  }

  /** Who reads a field itself. */
  directTriggersOf(field: Field): TriggerTree {
    return this.#trees.direct(field);
  }

  /** The paths a computed field reads, each as the fields it passes. */
  dependsOn(field: Field): readonly (readonly Field[])[] {
    return this.#depends.get(field) ?? [];
  }

  /** The other sides of a relation. */
  inversesOf(field: Field): readonly Field[] {
    return this.#inverses.get(field) ?? [];
  }
}
