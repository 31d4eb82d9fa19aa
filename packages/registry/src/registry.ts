import { Schema, UnknownModelError, type TableSchema } from '@ormolu/kernel';
import type { Definition } from './definition';
import type { Field } from './field';
import { digestOf, type History } from './history';
import { fieldOf } from './field-of';
import type { Model } from './model';
import { patchBetween, patchesSince, type ModelsPatch } from './patch';
import { prunedTree, TriggerTrees, type TriggerTree, type Way } from './trigger-tree';

/** A model, and what follows from it together with others. Shared between versions for which all of it still holds. */
export interface ModelParts {
  readonly model: Model;
  /** What it was built from: when none of this has changed, it is taken over by the next version. */
  readonly sources: readonly Source[];
  /** The other models that its checks looked at. */
  readonly neighbours: readonly string[];
  /** Computed field → its resolved paths. */
  readonly depends: ReadonlyMap<Field, readonly (readonly Field[])[]>;
  /** The models that those paths pass. */
  readonly reached: readonly Model[];
  /** The model's table, and the relation tables that it brings. */
  readonly tables: readonly TableSchema[];
  /** Field of any model → the ways from it to computed fields of this one. */
  readonly ways: ReadonlyMap<Field, readonly Way[]>;
  /** Computed field → a relation that it reads through, and that the database does not keep. */
  readonly unkept: ReadonlyMap<Field, Field>;
}

/** Something of a model's definition that another depended on when it was built. */
export interface Source {
  readonly model: string;
  readonly aspect: 'definition' | 'id' | 'table';
  readonly value: unknown;
}

/** What a registry is made of. */
export interface RegistryParts {
  readonly version: number;
  readonly definition: Definition;
  readonly history: History | undefined;
  readonly parts: ReadonlyMap<string, ModelParts>;
  readonly models: ReadonlyMap<string, Model>;
  /** How many fields there are; their indexes are below it. */
  readonly fieldCount: number;
}

/**
 * Everything that exists: models, fields, and who depends on whom. An immutable snapshot.
 *
 * It holds for one version of the definition, and shares with those before it whatever did not change in between.
 */
export class Registry {
  readonly version: number;
  readonly models: ReadonlyMap<string, Model>;
  /** How many fields there are; their indexes are below it. */
  readonly fieldCount: number;
  readonly #made: RegistryParts;
  readonly #inverses = new Map<Field, readonly Field[]>();
  readonly #trees: TriggerTrees;
  #ways: ReadonlyMap<Field, readonly Way[]> | undefined;
  #schema: Schema | undefined;

  /** Registries come from `models.registry()`. */
  constructor(made: RegistryParts) {
    this.version = made.version;
    this.models = made.models;
    this.fieldCount = made.fieldCount;
    this.#made = made;
    this.#trees = new TriggerTrees({ waysFrom: (field) => this.#waysFrom(field), inversesOf: (field) => this.inversesOf(field) });
  }

  static partsOf(registry: Registry): ReadonlyMap<string, ModelParts> {
    return registry.#made.parts;
  }

  /** The plain description this was built from. */
  get definition(): Definition {
    return this.#made.definition;
  }

  /** The tables, as a storage needs to know them: one for every model that is not abstract, and those between many2many fields. */
  get schema(): Schema {
    this.#schema ??= new Schema(tablesOf(this.#made.parts), this.version);
    return this.#schema;
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN with the nearest name */
  model(name: string): Model {
    const model = this.models.get(name);
    if (!model) throw new UnknownModelError(name, this.models.keys());
    return model;
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN @throws {UnknownFieldError} FIELD_UNKNOWN with the nearest name @throws {HiddenFieldError} TX_ACCESS */
  field(model: string, name: string): Field {
    return fieldOf(this.model(model), name);
  }

  /** Who depends on a field, directly or through others: merged by common prefix, worked out as far as it is looked at, kept. */
  triggersOf(field: Field): TriggerTree {
    return this.#trees.transitive(field);
  }

  /** Who reads a field itself. */
  directTriggersOf(field: Field): TriggerTree {
    return this.#trees.direct(field);
  }

  /**
   * Who depends on any of some fields, of those dependents that are wanted.
   *
   * @param isWanted - leave out what is neither stored nor cached: nobody has a value of it that could be wrong
   */
  prunedTriggersOf(fields: Iterable<Field>, isWanted: (field: Field) => boolean): TriggerTree {
    return prunedTree(Array.from(fields, (field) => this.triggersOf(field)), isWanted);
  }

  /** The paths a computed field reads, each as the fields it passes, from its own model on. */
  dependsOn(field: Field): readonly (readonly Field[])[] {
    return this.#made.parts.get(field.model)?.depends.get(field) ?? [];
  }

  /** The other sides of a relation: of a many2one its one2manys, of a one2many its many2one, of a many2many those over the same table. */
  inversesOf(field: Field): readonly Field[] {
    let inverses = this.#inverses.get(field);
    if (!inverses) this.#inverses.set(field, (inverses = inversesOf(this.models, field)));
    return inverses;
  }

  /**
   * What changed since a version, as plain data for `models.patched()` in another process.
   *
   * @throws {ModelsMismatchError} REGISTRY_VERSION_UNKNOWN
   */
  patchesSince(version: number): ModelsPatch {
    return patchesSince(version, this.#made);
  }

  /** A short text that registries share which say the same. */
  get digest(): string {
    return digestOf(this.#made.definition);
  }

  /**
   * What leads from another registry to this one, as plain data for `models.patched()` where that one is: what changed since when they are of
   * one lineage, else the whole definition.
   */
  patchFrom(other: Registry): ModelsPatch {
    return patchBetween(other.#made, this.#made);
  }

  #waysFrom(field: Field): readonly Way[] {
    this.#ways ??= collectWays(this.#made.parts.values());
    return this.#ways.get(field) ?? [];
  }
}

/** The other sides of a relation. */
export function inversesOf(models: ReadonlyMap<string, Model>, field: Field): readonly Field[] {
  const { relation } = field;
  // A related field shows the relation of another model, and a computed one what it is computed from: nothing is their other side.
  if (!relation || !field.isPersistent || field.related) return [];
  const others = models.get(relation.comodel)?.fields;
  if (!others) return [];
  if (relation.kind === 'one2many') {
    const inverse = others.get(relation.inverseName ?? '');
    return inverse ? [inverse] : [];
  }
  return [...others.values()].filter(({ relation: other, related, isPersistent }) => {
    if (!other || related || !isPersistent || other.comodel !== field.model) return false;
    if (relation.kind === 'many2one') return other.kind === 'one2many' && other.inverseName === field.name;
    return other.kind === 'many2many' && other.relationModel === relation.relationModel && other.column === relation.otherColumn && other.otherColumn === relation.column;
  });
}

/** Field → all ways from it to those who read it. */
export function collectWays(parts: Iterable<ModelParts>): ReadonlyMap<Field, readonly Way[]> {
  const all = new Map<Field, Way[]>();
  for (const { ways } of parts) {
    for (const [field, own] of ways) {
      const known = all.get(field);
      if (known) known.push(...own);
      else all.set(field, [...own]);
    }
  }
  return all;
}

function tablesOf(parts: ReadonlyMap<string, ModelParts>): readonly TableSchema[] {
  const tables = new Map<string, TableSchema>();
  // Both sides of a many2many bring their relation table.
  for (const part of parts.values()) for (const table of part.tables) if (!tables.has(table.model)) tables.set(table.model, table);
  return [...tables.values()];
}
