import type { StoredId } from '@ormolu/kernel';
import { isOdd, relationsOf, shaped, type Computed, type ModelName } from './random-models';

/** A row as it is given; computed values are not kept, but worked out whenever they are asked for. */
export interface Row {
  readonly x: number | null;
  readonly y: number | null;
  readonly up?: StoredId | null;
  readonly tree?: StoredId | null;
}

/** The naive reference: rows in maps, every list searched for and every computed value worked out from the rows, each time. */
export class World {
  readonly rows: Readonly<Record<ModelName, Map<StoredId, Row>>> = { leaf: new Map<StoredId, Row>(), tree: new Map<StoredId, Row>() };
  /** Each pair once. */
  marks: readonly Readonly<Record<ModelName, StoredId>>[] = [];
  readonly #computed: readonly Computed[];
  readonly #relations: ReturnType<typeof relationsOf>;

  constructor(computed: readonly Computed[]) {
    this.#computed = computed;
    this.#relations = relationsOf(computed);
  }

  copy(): World {
    const world = new World(this.#computed);
    for (const model of ['leaf', 'tree'] as const) for (const [id, row] of this.rows[model]) world.rows[model].set(id, row);
    world.marks = this.marks;
    return world;
  }

  set(model: ModelName, ids: readonly StoredId[], values: Partial<Row>): void {
    for (const id of ids) this.rows[model].set(id, { x: null, y: null, ...this.rows[model].get(id), ...values });
  }

  unlink(model: ModelName, id: StoredId): void {
    this.rows[model].delete(id);
    for (const [other, row] of this.rows.leaf) this.rows.leaf.set(other, { ...row, ...(model === 'leaf' && row.up === id ? { up: null } : {}), ...(model === 'tree' && row.tree === id ? { tree: null } : {}) });
    this.marks = this.marks.filter((pair) => pair[model] !== id);
  }

  /** Whether a record would stand above itself. */
  isAbove(id: StoredId, other: StoredId | null): boolean {
    for (let here: StoredId | null | undefined = other; here !== null && here !== undefined; here = this.rows.leaf.get(here)?.up) if (here === id) return true;
    return false;
  }

  /** A relation as ids, a number as it is. */
  value(model: ModelName, id: StoredId, name: string): unknown {
    const row = this.rows[model].get(id);
    if (name === 'x' || name === 'y') return row?.[name] ?? null;
    if (name === 'up' || name === 'tree') return row?.[name] ?? null;
    if (name === 'best') return this.#related(model, id, name)[0] ?? null;
    if (name in this.#relations[model]) return new Set(this.#related(model, id, name));
    const field = this.#computed.find((one) => one.model === model && one.name === name);
    return field && shaped(field.shape, field.paths.flatMap((path) => this.#along(model, id, path)));
  }

  #along(model: ModelName, id: StoredId, [name = '', ...rest]: readonly string[]): readonly number[] {
    if (rest.length === 0) return [(this.value(model, id, name) as number | null) ?? 0]; // all that paths end in are numbers
    const next = this.#relations[model][name] ?? model;
    return this.#related(model, id, name).flatMap((other) => this.#along(next, other, rest));
  }

  #members(model: ModelName, id: StoredId, [name = '', ...rest]: readonly string[], list: string): readonly StoredId[] {
    if (name === list) return this.#related(model, id, name);
    if (rest.length === 0) return isOdd(this.value(model, id, name)) ? [id] : [];
    const next = this.#relations[model][name] ?? model;
    return this.#related(model, id, name).flatMap((other) => this.#members(next, other, rest, list));
  }

  #related(model: ModelName, id: StoredId, name: string): readonly StoredId[] {
    const row = this.rows[model].get(id);
    if (name === 'up' || name === 'tree') return [row?.[name] ?? null].filter((one) => one !== null);
    if (name === 'best') {
      const owner = isOdd(row?.x) ? row : this.rows.leaf.get(row?.up ?? -1);
      return [owner?.tree ?? null].filter((one) => one !== null);
    }
    const list = this.#computed.find((one) => one.model === model && one.name === name);
    if (list) return [...new Set(list.paths.flatMap((path) => this.#members(model, id, path, name)))];
    if (name === 'bestOf') return [...this.rows.leaf.keys()].filter((other) => this.#related('leaf', other, 'best').includes(id));
    if (name === 'ups') return [...this.rows.leaf].flatMap(([other, { up }]) => (up === id ? [other] : []));
    if (name === 'leaves') return [...this.rows.leaf].flatMap(([other, { tree }]) => (tree === id ? [other] : []));
    return name === 'marks' ? this.marks.flatMap(({ leaf, tree }) => (leaf === id ? [tree] : [])) : this.marks.flatMap(({ leaf, tree }) => (tree === id ? [leaf] : []));
  }
}
