import { ModelSetupError } from '../errors';
import type { Field } from '../field';
import type { FunctionTable } from '../functions';
import type { Model } from '../model';
import type { ModelsState } from '../models';
import { collectWays, Registry, type ModelParts, type Source } from '../registry';
import { buildModel } from './build-model';
import { checkCycles } from './check-cycles';
import { checkField } from './check-field';
import { checkModel, checkTables, neighboursOf } from './check-model';
import { resolveDependencies } from './depends';
import { Expansion } from './expand';
import { Problems } from './problems';
import { ShownFields } from './related';
import { tablesOf } from './tables';

/**
 * Makes a registry of what was defined, after checking all of it.
 *
 * Models that are as they were in the version before are taken over from it, with all their fields.
 * @throws {ModelSetupError} REGISTRY_SETUP_FAILED listing every problem, each with its remedy
 * @throws {ModelsMismatchError} REGISTRY_MODULE_MISSING when a function is not there
 * @remarks Linear in the models that changed, beside a look at each of the others.
 */
export function buildRegistry(state: ModelsState): Registry {
  const setup = new Setup(state);
  const registry = setup.build();
  if (setup.problems.found.length > 0) throw new ModelSetupError(setup.problems.found);
  return registry;
}

class Setup {
  readonly problems: Problems = new Problems();
  readonly #state: ModelsState;
  readonly #expansion: Expansion;
  readonly #shown: ShownFields;
  readonly #models = new Map<string, Model>();
  readonly #sources = new Map<Model, readonly Source[]>();
  readonly #before: ReadonlyMap<string, ModelParts>;
  readonly #fresh: Model[] = [];
  #functions: FunctionTable | undefined;
  #nextIndex: number;

  constructor(state: ModelsState) {
    this.#state = state;
    this.#expansion = new Expansion(state.definition, this.problems);
    this.#shown = new ShownFields(this.#expansion, this.problems);
    this.#before = state.built ? Registry.partsOf(state.built) : new Map<string, ModelParts>();
    this.#nextIndex = state.built?.fieldCount ?? 0;
    this.problems.found.push(...state.definition.problems);
    this.#checkModules();
  }

  build(): Registry {
    for (const name of this.#expansion.names()) this.#addModel(name);
    const checking = { models: this.#models, expansion: this.#expansion, problems: this.problems };
    const fresh = new Set(this.#fresh);
    for (const model of this.#models.values()) {
      if (!fresh.has(model) && !this.#isBesides(fresh, model)) continue;
      const expanded = this.#expansion.model(model.name, model.name);
      if (expanded) checkModel(checking, expanded, model);
      for (const field of model.fields.values()) checkField(checking, field);
    }
    if (this.#fresh.length > 0) checkTables(checking);
    const parts = new Map([...this.#models.values()].map((model) => [model.name, this.#partsOf(model)] as const));
    checkCycles((field) => parts.get(field.model)?.depends.get(field) ?? [], this.#computedAfresh(), this.problems);
    this.#checkContexts(parts);
    this.#checkUnkept(parts);
    const { version, definition, history } = this.#state;
    return new Registry({ version, definition, history, parts, models: this.#models, fieldCount: this.#nextIndex });
  }

  #checkModules(): void {
    const { modules } = this.#state.definition;
    for (const [name, { requires }] of Object.entries(modules)) {
      for (const other of requires) {
        if (!Object.hasOwn(modules, other)) this.problems.add({ model: `module ${name}` }, `it builds on the module '${other}', which is not joined.`, `Join both: models.with(${other}, ${name}).`);
      }
    }
  }

  #addModel(name: string): void {
    const before = this.#before.get(name);
    if (before?.sources.every(({ model, aspect, value }) => this.#expansion.valueOf(model, aspect) === value) === true) {
      this.#models.set(name, before.model);
      return;
    }
    const expanded = this.#expansion.model(name, name);
    if (!expanded) return;
    const model = buildModel({
      expansion: this.#expansion, shown: this.#shown, problems: this.problems, functions: () => (this.#functions ??= this.#state.functions.table()),
      indexOf: (_, field) => before?.model.fields.get(field)?.index ?? this.#nextIndex++,
    }, expanded);
    this.#models.set(name, model);
    this.#sources.set(model, this.#expansion.sourcesOf(name));
    this.#fresh.push(model);
  }

  /** Whether a model that is as it was stands beside one that is not. */
  #isBesides(fresh: ReadonlySet<Model>, model: Model): boolean {
    return this.#before.get(model.name)?.neighbours.some((name) => {
      const neighbour = this.#models.get(name);
      return neighbour === undefined || fresh.has(neighbour);
    }) ?? false;
  }

  #partsOf(model: Model): ModelParts {
    const before = this.#before.get(model.name);
    const isSame = before?.model === model;
    if (before && isSame && before.reached.every((reached) => this.#models.get(reached.name) === reached)) return before;
    return {
      model,
      sources: this.#sources.get(model) ?? before?.sources ?? [],
      neighbours: neighboursOf(this.#models, model),
      tables: before && isSame ? before.tables : tablesOf(model, (name) => this.#expansion.idTypeOf(name)),
      ...resolveDependencies(this.#models, model, this.problems),
    };
  }

  /** A new cycle passes a field whose compute is new. */
  *#computedAfresh(): Generator<Field> {
    for (const model of this.#fresh) for (const field of model.fields.values()) if (field.compute) yield field;
  }

  /** What is computed from values that differ by context differs by context, and must say so. */
  #checkContexts(parts: ReadonlyMap<string, ModelParts>): void {
    for (const [name, { depends }] of parts) {
      // What was taken over as it is was checked with the version before.
      if (this.#before.get(name)?.depends === depends) continue;
      for (const [field, paths] of depends) {
        if (field.related) continue;
        for (const step of new Set(paths.flat())) {
          const missing = step.dependsContext.filter((key) => !field.dependsContext.includes(key));
          if (missing.length === 0) continue;
          this.problems.add(
            { model: field.model, field: field.name }, `it is computed from ${step.toString()}, whose value differs by context (${missing.join(', ')}), and does not say so.`,
            field.isPersistent ? 'It cannot be stored: the database has one value for all. Leave store out and name the keys in dependsContext.' : `Define it with dependsContext: [${[...field.dependsContext, ...missing].map((key) => `'${key}'`).join(', ')}].`,
          );
        }
      }
    }
  }

  /** Who reads through a relation that nothing keeps is found among the values in memory only: that is not enough for what is stored. */
  #checkUnkept(parts: ReadonlyMap<string, ModelParts>): void {
    const told = new Set<Field>();
    const work = [...parts.values()].flatMap(({ unkept }) => [...unkept]);
    if (work.length === 0) return;
    const ways = collectWays(parts.values());
    for (let next = work.pop(); next; next = work.pop()) {
      const [field, relation] = next;
      if (told.has(field)) continue;
      told.add(field);
      if (field.isPersistent) {
        this.problems.add(
          { model: field.model, field: field.name }, `it is stored, and computed through ${relation.toString()}, which is not: nobody could find the records to compute again.`,
          `Store ${relation.toString()}, or read what that is computed from.`,
        );
      } else for (const { target } of ways.get(field) ?? []) work.push([target, relation]);
    }
  }
}
