import { produceWithPatches } from 'immer';
import type { ComputeDefinition, Definition, ModelOptions } from './definition';
import { joinModules, type Extension } from './extension';
import type { FunctionName } from './field-definition';
import { Functions, type DefinedFunction } from './functions';
import type { History } from './history';
import type {
  BaseShape, Bounded, Callable, CheckedKinds, CheckedRelations, ComputedValue, Delegated, MethodTable, PreviousOf, SearchFunction, Silent,
} from './infer/builder';
import type { OrderOf, PathsOf } from './infer/paths';
import type { RecordIn, RecordSetIn } from './infer/records';
import type { FieldDefinitions, FieldName, FieldsOf, IdTypes, MethodsOf, ModelName } from './infer/shape';
import { addCompute, addFields, addFunction, addMethods, addParents, Namer, setOptions, type Operation } from './operations';
import { applyPatch, assertModules, type ModelsPatch } from './patch';
import { refused, wrongCompute, wrongExtensions, wrongFunction, wrongMethods } from './refused';
import type { Registry } from './registry';
import { buildRegistry } from './setup/build-registry';

/** How the module that a definition belongs to is called. */
export interface ModuleOptions {
  /** Functions are known by it in other processes. @defaultValue 'models' */
  readonly module?: string;
  /** Processes whose versions differ refuse each other's models. @defaultValue '0' */
  readonly version?: string;
}

/** Options of a model, checked against its fields. */
export interface OptionsOf<O, I extends keyof IdTypes, P> extends Omit<ModelOptions, 'order' | 'id' | 'parent'> {
  readonly order?: O;
  readonly id?: I;
  readonly parent?: P;
}

/** What models are made of: kept by them, and handed on from version to version. */
export interface ModelsState {
  readonly definition: Definition;
  readonly functions: Functions;
  readonly version: number;
  readonly history: History | undefined;
  /** The module that is being defined, and what it has said so far. */
  readonly module: string;
  readonly said: readonly Operation[];
  readonly joined: readonly Extension<unknown>[];
  /** The nearest version before this one whose registry was built: what did not change is taken over from it. */
  readonly built: Registry | undefined;
}

type Sole<N extends string, T> = { readonly [X in N]: T };

/**
 * Models under definition. Immutable: every call gives a new version, which shares what did not change.
 *
 * `D` is what the compiler knows of them, `A` what an extension adds; nobody writes them down.
 * @see docs/models.md
 */
export class Models<in out D, in out A = never> {
  /** Only the compiler reads these. */
  declare readonly $shape: D;
  declare readonly $added: A;
  /** What they are made of. */
  readonly state: ModelsState;
  #registry: Registry | undefined;

  /** @see defineModels */
  constructor(state: ModelsState) {
    this.state = state;
  }

  /** The version of the definition: grows by one with every call. */
  get version(): number {
    return this.state.version;
  }

  /** The plain description of everything. */
  get definition(): Definition {
    return this.state.definition;
  }

  /**
   * Says how a field is computed: from one record, which the function gets, to its value, which it returns.
   *
   * @param depends - every path that the function reads, `'country.name'`; a change of what is not named here goes unnoticed
   * @param run - plain synchronous code; null where there is nothing
   */
  compute<N extends ModelName<Bounded<D>>, F extends FieldName<Bounded<D>, N>, const P extends readonly string[]>(
    // The model and the field are not inferred from what `run` returns: looking for them there takes the compiler a third of its time.
    model: N, field: F, depends: PathsOf<Bounded<D>, N, P>, run: (record: RecordIn<Bounded<D>, N>) => NoInfer<ComputedValue<Bounded<D>, N, F>>,
  ): Models<D, A> {
    return this.#compute(model, { fields: [field], depends, isBatch: false }, run);
  }

  /**
   * Says how fields are computed together: the function gets a set and assigns every field of every record.
   *
   * @param depends - every path that the function reads
   * @param run - plain synchronous code
   */
  computeBatch<N extends ModelName<Bounded<D>>, const P extends readonly string[]>(
    model: N, fields: readonly FieldName<Bounded<D>, N>[], depends: PathsOf<Bounded<D>, N, P>, run: (records: RecordSetIn<Bounded<D>, N>) => Silent,
  ): Models<D, A> {
    return this.#compute(model, { fields, depends, isBatch: true }, run);
  }

  /** Says what writing a computed field does: the function gets the record with the new value, and writes what it is computed from. */
  inverse<N extends ModelName<Bounded<D>>>(model: N, field: FieldName<Bounded<D>, N>, run: (record: RecordIn<Bounded<D>, N>) => Silent): Models<D, A> {
    return this.#function('inverse', { model, field }, run);
  }

  /** Says how records are found by a computed field that is not stored: the function gives a filter on fields that are. */
  search<N extends ModelName<Bounded<D>>, const R extends object>(model: N, field: FieldName<Bounded<D>, N>, run: SearchFunction<Bounded<D>, N, R>): Models<D, A> {
    return this.#function('search', { model, field }, run);
  }

  /**
   * Gives records methods. The functions get the set they are called on, then the arguments.
   *
   * @example
   * models.method('res.city', { async grow(cities, by: number) { … } })   // await cities.grow(3)
   */
  method<N extends ModelName<Bounded<D>>, const T extends MethodTable<Bounded<D>, N>>(model: N, methods: T): Models<D & { readonly methods: { readonly [X in N]: { readonly [K in keyof T]: Callable<T[K]> } } }, A & { readonly methods: { readonly [X in N]: { readonly [K in keyof T]: Callable<T[K]> } } }> {
    const wrong = wrongMethods(model, methods);
    if (wrong.length > 0) return this.#say(refused(wrong));
    const namer = this.#namer();
    const named = Object.entries(methods).map(([name, run]) => ({ name, run: namer.name(`method ${model}.${name}`, run), isOverride: false }));
    return this.#say(addMethods(model, named, namer));
  }

  /**
   * Replaces methods by others that may call them.
   *
   * @param replace - gets the methods as they are, as functions of records; gives those that take their place
   * @example
   * models.override('res.city', (previous) => ({ async grow(cities, by: number) { await previous.grow(cities, 2 * by); } }))
   */
  override<N extends ModelName<Bounded<D>>>(
    model: N, replace: (previous: PreviousOf<Bounded<D>, N>) => Partial<PreviousOf<Bounded<D>, N>>,
  ): Models<D, A> {
    const wrong = wrongFunction({ model }, 'override', replace);
    if (wrong.length > 0) return this.#say(refused(wrong));
    const namer = this.#namer();
    const run = namer.name(`override of ${model}`, replace);
    // Which methods it replaces is seen by asking it; what it calls them with comes later.
    const known = Object.keys(this.state.definition.models[model]?.methods ?? {});
    // The names are those of `PreviousOf`; the functions are never called, so they need not be of its types.
    const stand = Object.fromEntries(known.map((name) => [name, () => undefined])) as unknown as PreviousOf<Bounded<D>, N>;
    const given: object = replace(stand);
    const unfit = wrongMethods(model, given);
    if (unfit.length > 0) return this.#say(refused(unfit));
    return this.#say(addMethods(model, Object.keys(given).map((name) => ({ name, run, isOverride: true })), namer));
  }

  /**
   * Adds models, and fields to models. Of a field that exists, the options given here are replaced, one by one; words of a selection
   * and models of a reference are added to those it has.
   */
  extend<E extends FieldDefinitions>(
    models: E & CheckedRelations<E, ModelName<Bounded<D>> | keyof E> & CheckedKinds<E, Bounded<D>['fields']>,
  ): Models<D & { readonly fields: E }, A & { readonly fields: E }> {
    return this.#say(addFields(models, this.#namer(), 'extend'));
  }

  /** Says something of a model as a whole: its table, order, kind of ids. */
  options<N extends ModelName<Bounded<D>>, const O extends readonly string[] = readonly [], const I extends keyof IdTypes = never>(
    model: N, options: OptionsOf<OrderOf<Bounded<D>, N, O>, I, FieldName<Bounded<D>, N>>,
  ): [I] extends [never] ? Models<D, A> : Models<D & { readonly ids: Sole<N, IdTypes[I]> }, A & { readonly ids: Sole<N, IdTypes[I]> }> {
    // Which of the two it is follows from `I`, which is not known here.
    return this.#say(setOptions(model, options as ModelOptions)) as never;
  }

  /** Takes fields, computes and methods of other models over, abstract ones mostly. What the model says itself comes last. */
  mixin<N extends ModelName<Bounded<D>>, X extends ModelName<Bounded<D>>>(
    model: N, from: X,
  ): Models<D & { readonly fields: Sole<N, FieldsOf<Bounded<D>, X>>; readonly methods: Sole<N, MethodsOf<Bounded<D>, X>> }, A & { readonly fields: Sole<N, FieldsOf<Bounded<D>, X>>; readonly methods: Sole<N, MethodsOf<Bounded<D>, X>> }> {
    return this.#say(addParents(model, 'mixins', from));
  }

  /**
   * Delegates to the record of a required many2one: its fields are read and written here as if they were this model's own.
   *
   * @param field - the many2one
   */
  delegate<N extends ModelName<Bounded<D>>, F extends FieldName<Bounded<D>, N>>(
    model: N, field: F,
  ): Models<D & { readonly fields: Sole<N, Delegated<Bounded<D>, N, F>> }, A & { readonly fields: Sole<N, Delegated<Bounded<D>, N, F>> }> {
    return this.#say(addParents(model, 'delegates', field));
  }

  /**
   * Joins extensions. Their order does not matter.
   *
   * @throws {ExtensionConflictError} REGISTRY_EXTENSION_CONFLICT when two of them, neither of which builds on the other, say different
   * things of the same part
   */
  with<const X extends readonly Extension<unknown>[]>(...extensions: X): Models<D & Sum<X>, A & Sum<X>> {
    const wrong = wrongExtensions(extensions);
    if (wrong.length > 0) return this.#say(refused(wrong));
    const { definition, functions, joined } = joinModules(this.state, extensions);
    return this.#next(definition, { functions, joined });
  }

  /**
   * Applies what changed in another process.
   *
   * @param patch - of `registry.patchesSince(version)`, where version is that of these models
   * @param modules - those that may be needed and are not joined yet
   * @throws {ModelsMismatchError} REGISTRY_PATCH_MISFIT, REGISTRY_MODULE_MISSING or REGISTRY_MODULE_VERSION, naming the module
   */
  patched(patch: ModelsPatch, modules: readonly Extension<unknown>[] = []): Models<D, A> {
    const { joined, definition, functions } = this.state;
    const known = [...new Set([...joined, ...modules])];
    const patched = applyPatch(definition, patch);
    assertModules(patched, new Map([...Object.entries(definition.modules).map(([name, { version }]) => [name, version] as const), ...known.map(({ name, version }) => [name, version] as const)]));
    const fresh = known.filter((one) => !joined.includes(one) && patched.modules[one.name]);
    const history = { before: this.state.history, version: patch.to, from: definition, patches: patch.patches };
    const brought = fresh.flatMap(({ said }) => said.flatMap((operation) => operation.functions));
    return new Models({ ...this.state, definition: patched, functions: functions.with(brought), version: patch.to, history, joined: [...joined, ...fresh], built: this.#lastBuilt() });
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

  #compute(model: string, compute: Omit<ComputeDefinition, 'run'>, run: DefinedFunction): Models<D, A> {
    const wrong = wrongCompute(model, compute, run);
    if (wrong.length > 0) return this.#say(refused(wrong));
    const namer = this.#namer();
    return this.#say(addCompute(model, compute, namer.name(`compute ${model}.${compute.fields.join(',')}`, run), namer));
  }

  #function(role: 'inverse' | 'search', where: { readonly model: string; readonly field: string }, run: DefinedFunction): Models<D, A> {
    const wrong = wrongFunction(where, role, run);
    if (wrong.length > 0) return this.#say(refused(wrong));
    const namer = this.#namer();
    const name: FunctionName = namer.name(`${role} ${where.model}.${where.field}`, run);
    return this.#say(addFunction(role, where, name, namer));
  }

  #namer(): Namer {
    return new Namer(this.state.module, this.state.said.length);
  }

  #say<D2, A2>(operation: Operation): Models<D2, A2> {
    const [definition, patches] = produceWithPatches(this.state.definition, (draft) => operation.apply(draft));
    const { functions, said } = this.state;
    return this.#next({ definition, patches }, { functions: functions.with(operation.functions), said: [...said, operation] });
  }

  #next<D2, A2>({ definition, patches }: { definition: Definition; patches: History['patches'] }, change: Partial<ModelsState>): Models<D2, A2> {
    const version = this.state.version + 1;
    const history = { before: this.state.history, version, from: this.state.definition, patches };
    return new Models({ ...this.state, ...change, definition, version, history, built: this.#lastBuilt() });
  }

  #lastBuilt(): Registry | undefined {
    return this.#registry ?? this.state.built;
  }
}

/** What several extensions add. */
export type Sum<X extends readonly unknown[]> = X extends readonly [Extension<infer A>, ...infer Rest] ? A & Sum<Rest> : unknown;

/**
 * Defines models: name → field name → field. Relations name models, so they may be circular.
 *
 * @example
 * const models = defineModels({ tag: { name: char({ required: true }) } })
 * @see docs/models.md, docs/fields.md
 */
export function defineModels<F extends FieldDefinitions>(models: F & CheckedRelations<F, keyof F>, { module = 'models', version = '0' }: ModuleOptions = {}): Models<BaseShape<F>> {
  const empty: Definition = { models: {}, modules: { [module]: { version, requires: [] } }, problems: [] };
  const operation = addFields(models, new Namer(module, 0), 'defineModels');
  const [definition] = produceWithPatches(empty, (draft) => operation.apply(draft));
  return new Models({ definition, functions: Functions.NONE.with(operation.functions), version: 1, history: undefined, module, said: [operation], joined: [], built: undefined });
}
