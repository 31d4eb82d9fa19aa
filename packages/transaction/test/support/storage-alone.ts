import { EVERYTHING, type Session, type StoredId } from '@ormolu/kernel';
import { COMPUTED, INPUTS, STORED } from './geo';

type Row = Record<string, unknown>;
/** Model → id → field → value. */
export type World = Record<string, Map<StoredId, Row>>;

/**
 * The reference: the same operations straight on a session, with every computed value worked out anew from all rows after every
 * write. No cache, no queue, no trigger: what it says is true by construction.
 */
export class StorageAlone {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  async create(model: string, values: Row): Promise<StoredId> {
    const fields = Object.keys(values);
    const [id] = await this.session.insert({ model, count: 1, fields, columns: fields.map((field) => [values[field]]) });
    await this.#recompute();
    if (id === undefined) throw new Error('insert gave no id');
    return id;
  }

  async write(model: string, ids: readonly StoredId[], values: Row): Promise<void> {
    const fields = Object.keys(values);
    await this.session.update({ model, ids, fields, columns: fields.map((field) => ids.map(() => values[field])) });
    await this.#recompute();
  }

  async unlink(model: string, ids: readonly StoredId[]): Promise<void> {
    await this.session.delete(model, ids);
    await this.#recompute();
  }

  /** Every row with all its values, those that have no column included, and the lists as sorted ids. */
  async world(): Promise<World> {
    const world: World = {};
    for (const [model, inputs] of Object.entries(INPUTS)) {
      const answer = await this.session.query({ model, filter: EVERYTHING, fields: inputs });
      world[model] = new Map(answer.ids.map((id, row) => [id, Object.fromEntries(inputs.map((field, place) => [field, answer.columns[place]?.[row]]))]));
    }
    computeAll(world);
    return world;
  }

  /** The rows as they are stored, for comparing two databases. */
  async stored(): Promise<World> {
    return storedRows(this.session);
  }

  async #recompute(): Promise<void> {
    for (const [model, rows] of Object.entries(await this.world())) {
      const fields = STORED[model] ?? [];
      const ids = [...rows.keys()];
      if (ids.length > 0) await this.session.update({ model, ids, fields, columns: fields.map((field) => ids.map((id) => rows.get(id)?.[field])) });
    }
  }
}

/** Every row of every model with all its columns. */
export async function storedRows(session: Session): Promise<World> {
  const world: World = {};
  for (const [model, inputs] of Object.entries(INPUTS)) {
    const fields = [...inputs, ...(STORED[model] ?? [])];
    const answer = await session.query({ model, filter: EVERYTHING, fields });
    world[model] = new Map(answer.ids.map((id, row) => [id, Object.fromEntries(fields.map((field, place) => [field, answer.columns[place]?.[row]]))]));
  }
  return world;
}

function computeAll(world: World): void {
  const rows = (model: string): Map<StoredId, Row> => world[model] ?? new Map<StoredId, Row>();
  const at = (model: string, id: unknown): Row | undefined => rows(model).get(id as StoredId);
  for (const [id, region] of rows('region')) region['children'] = [...rows('region')].flatMap(([child, row]) => (row['parent'] === id ? [child] : []));
  for (const region of rows('region').values()) region['path'] = pathOf(region);
  for (const region of rows('region').values()) region['size'] = sizeOf(region);
  for (const [id, country] of rows('country')) {
    const cities = [...rows('city')].filter(([, city]) => city['country'] === id);
    country['cities'] = cities.map(([city]) => city);
    country['cityCount'] = cities.length;
    country['population'] = cities.reduce((sum, [, city]) => sum + ((city['population'] as number | null) ?? 0), 0);
    country['label'] = `${String(country['name'])} (${String(cities.length)})`;
  }
  for (const city of rows('city').values()) city['displayName'] = `${String(city['name'])}, ${shown(at('country', city['country'])?.['name'])}`;
  for (const city of rows('city').values()) {
    city['ties'] = `${city['twin'] === null ? '' : 'twin'}${city['region'] === null ? '' : 'region'}`;
    city['twinLabel'] = at('city', city['twin'])?.['displayName'] ?? null;
    city['place'] = `${shown(at('country', city['country'])?.['label'])} in ${shown(at('region', city['region'])?.['path'])}`;
  }

  function pathOf(region: Row): string {
    const parent = at('region', region['parent']);
    return parent ? `${pathOf(parent)}/${String(region['name'])}` : String(region['name']);
  }

  function sizeOf(region: Row): number {
    return (region['children'] as StoredId[]).reduce<number>((sum, child) => sum + sizeOf(at('region', child) ?? {}), 1);
  }
}

function shown(text: unknown): string {
  return typeof text === 'string' ? text : '-';
}

/** The names of all fields that a world shows of a model. */
export function shownFields(model: string): readonly string[] {
  const lists: Readonly<Record<string, readonly string[]>> = { country: ['cities'], region: ['children'] };
  return [...(INPUTS[model] ?? []), ...(COMPUTED[model] ?? []), ...(lists[model] ?? [])];
}
