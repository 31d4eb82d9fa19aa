// A home-made ORM (150 lines up to `main`, which uses it) that embeds only @ormolu/cache: records with getters, batched reads, a unit of work, savepoints.
// It needs none of Ormolu's registry, transaction or storage; its "database" is a Map, so that what it asks can be counted.
import { Cache, contextKey, type CacheEnvironment, type CacheField, type CacheRecords, type Id } from '@ormolu/cache';

type Row = Record<string, unknown>;

/** The rows, and how often they were asked for. */
class Database {
  readonly tables = new Map<string, Map<Id, Row>>();
  statements = 0;

  select(table: string, ids: readonly Id[], columns: readonly string[]): Row[] {
    this.statements += 1;
    return ids.map((id) => {
      const row = this.tables.get(table)?.get(id) ?? {};
      return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
    });
  }

  update(table: string, column: string, values: Iterable<readonly [Id, unknown]>): void {
    this.statements += 1;
    for (const [id, value] of values) {
      const row = this.tables.get(table)?.get(id);
      if (row !== undefined) row[column] = value;
    }
  }
}

/** A field of this ORM: stored, or computed from others in a language. */
interface Field extends CacheField {
  readonly compute?: (record: Entity) => unknown;
}

/** One unit of work: the cache, the database, and the language in which it reads. */
class Unit implements CacheEnvironment {
  readonly database: Database;
  readonly cache: Cache;
  readonly lang: string;

  constructor(database: Database, lang = 'en', cache = new Cache()) {
    this.database = database;
    this.lang = lang;
    this.cache = cache;
  }

  /** The one word of the contract about contexts: under which key this unit sees a field. */
  cacheKey(field: CacheField): string {
    return contextKey(field.dependsContext.map((name) => (name === 'lang' ? this.lang : undefined)));
  }

  /** The same work seen in another language: the cache is shared. */
  inLanguage(lang: string): Unit {
    return new Unit(this.database, lang, this.cache);
  }

  browse(model: string, ids: readonly Id[]): Entity[] {
    const group = new Group(model, ids, this);
    return ids.map((id) => new Entity(id, group));
  }

  /** Sends what was changed, one statement for each field. */
  flush(): void {
    for (const field of this.cache.getDirtyFields()) {
      const changes = [...this.cache.dirtyEntries(field)].map(([, id, value]) => [id, value] as const);
      this.database.update(field.model, field.name, changes);
      this.cache.clearDirtyField(field);
    }
  }

  /** Runs work that either happens or leaves no trace in memory. */
  attempt(work: () => void): boolean {
    const mark = this.cache.openUndo();
    try {
      work();
      return true;
    } catch {
      this.cache.undoTo(mark);
      return false;
    } finally {
      this.cache.closeUndo(mark);
    }
  }
}

/** Records that were browsed together, and are read together. This is all the cache wants to know of records. */
class Group implements CacheRecords<Group> {
  readonly model: string;
  readonly ids: readonly Id[];
  readonly env: Unit;

  constructor(model: string, ids: readonly Id[], env: Unit) {
    this.model = model;
    this.ids = ids;
    this.env = env;
  }

  browse(ids: readonly Id[]): Group {
    return new Group(this.model, ids, this.env);
  }
}

class Entity {
  readonly id: Id;
  readonly #group: Group;
  readonly #self: Group;

  constructor(id: Id, group: Group) {
    this.id = id;
    this.#group = group;
    this.#self = group.browse([id]);
  }

  get(field: Field): unknown {
    const { env } = this.#group;
    if (!env.cache.contains(this.#self, field)) this.#fetch(field);
    return env.cache.get(this.#self, field);
  }

  set(field: Field, value: unknown): void {
    this.#group.env.cache.set(this.#self, field, value, { dirty: true });
    for (const computed of COMPUTED) this.#group.env.cache.invalidate([[computed, [this.id]]]);
  }

  /** One statement for the whole group: the ids that miss the field, and no others. */
  #fetch(field: Field): void {
    const { env, model } = this.#group;
    if (field.compute !== undefined) {
      env.cache.set(this.#self, field, field.compute(this));
      return;
    }
    const missing = this.#group.browse([...env.cache.getMissingIds(this.#group, field)]);
    const rows = env.database.select(model, missing.ids, [field.name]);
    env.cache.insertMissing(missing, field, rows.map((row) => row[field.name]));
  }
}

const name: Field = { model: 'city', name: 'name', dependsContext: [] };
const population: Field = { model: 'city', name: 'population', dependsContext: [] };
const label: Field = {
  model: 'city', name: 'label', dependsContext: ['lang'], stored: false,
  compute: (city) => `${String(city.get(name))}: ${String(city.get(population))}`,
};
const COMPUTED = [label];

export function main(say: (line: string) => void = console.log): void {
  const database = new Database();
  database.tables.set('city', new Map([[1, { name: 'Ghent', population: 265_000 }], [2, { name: 'Bruges', population: 118_000 }], [3, { name: 'Ypres', population: 35_000 }]]));
  const unit = new Unit(database);
  const cities = unit.browse('city', [1, 2, 3]);

  say(cities.map((city) => city.get(label)).join(', '));
  say(`statements for three records and two fields: ${database.statements}`);

  const [ghent] = cities;
  ghent?.set(population, 270_000);
  say(`label after a write: ${String(ghent?.get(label))}`);
  const done = unit.attempt(() => {
    ghent?.set(name, 'Gand');
    throw new Error('refused');
  });
  say(`attempt ${done ? 'done' : 'undone'}: ${String(ghent?.get(name))}, pending ${unit.cache.getDirtyFields().map((field) => field.name).join()}`);

  unit.flush();
  say(`written: ${String(database.tables.get('city')?.get(1)?.['population'])} with ${database.statements} statements in all`);
  const { hits, misses, values } = unit.cache.stats();
  say(`cache: ${hits} hits, ${misses} misses, ${values} values`);
}

if (require.main === module) main();
