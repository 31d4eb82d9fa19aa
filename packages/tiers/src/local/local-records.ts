import type { EntryStamp, StoredId } from '@ormolu/kernel';
import { WeakBoundedMap, type Lease } from '../weak-bounded-map';
import type { Bounds } from '../policies/bounded-store';
import type { PolicyName } from '../policies/policies';
import { LastStamp, stampBytes } from './kept-stamp';
import { ImageShape, ImageShapes, imageBytes, joinedImage, type RecordImage } from './record-image';

/** How many committed records a process keeps. */
export interface LocalRecordsOptions extends Bounds {
  /** What leaves when it is full. @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
}

/** What the record cache holds. */
export interface LocalRecordsStats {
  readonly records: number;
  /** Estimated, with what is kept to find the records. */
  readonly bytes: number;
  /** Records beyond the bounds that somebody holds. */
  readonly heldOutside: number;
  readonly evictions: number;
}

/** A record's number among 2³², which those of its model follow. */
const IDS = 2 ** 32;
const LOWEST_ID = -(2 ** 31);

/**
 * The committed records that one process has met: one image per model and id, with the stamp that lets each reader decide whether it holds
 * for him.
 *
 * Images hold columns as the database keeps them, all companies and languages of a keyed column among them, so that no context belongs in
 * their key. Nothing here is ever asked whether it is true: who asks, judges.
 * @remarks Each call is O(1) but those that say otherwise.
 */
export class LocalRecords {
  readonly #shapes = new ImageShapes();
  readonly #models = new Map<string, number>();
  readonly #lastStamp = new LastStamp();
  readonly #images: WeakBoundedMap<number | string, RecordImage, EntryStamp | ImageShape>;

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor(options: LocalRecordsOptions) {
    this.#images = new WeakBoundedMap({
      ...options, weigh: imageBytes,
      shared: { partsOf: ({ stamp, shape }) => [stamp, shape], weighPart: (part) => (part instanceof ImageShape ? part.bytes : stampBytes(part)) },
    });
  }

  /** The image, for a look that keeps no reference to it and is no use. */
  peek(model: string, id: StoredId): RecordImage | undefined {
    const key = this.#keyOf(model, id);
    return key === undefined ? undefined : this.#images.peek(key);
  }

  /** The image, for a use that keeps no reference to it. */
  get(model: string, id: StoredId): RecordImage | undefined {
    const key = this.#keyOf(model, id);
    return key === undefined ? undefined : this.#images.get(key);
  }

  /** The same for many records of one model. */
  getterOf(model: string): (id: StoredId) => RecordImage | undefined {
    const number = this.#models.get(model);
    return number === undefined ? () => undefined : (id) => this.#images.get(keyUnder(number, id));
  }

  /** A lease of the record's image: until the last who holds it lets go, that image does not leave, nor one that takes its place. */
  lend(model: string, id: StoredId): Lease<RecordImage> | undefined {
    const key = this.#keyOf(model, id);
    return key === undefined ? undefined : this.#images.lend(key);
  }

  /**
   * Keeps what was read of some records of a model.
   *
   * @param fields - the columns read
   * @param rows - a row's values in the order of the fields; undefined: there is no such record
   * @param takesOver - of the image that is there: `join` when nobody wrote the record between the two, `replace` when the new one is of a
   * later moment, `keep` when it is of an earlier one
   */
  put(model: string, fields: readonly string[], { stamp: read, rows, takesOver }: Fill): void {
    const stamp = this.#lastStamp.of(read);
    const shape = this.#shapes.of(model, fields);
    for (const [id, values] of rows) {
      const key = this.#numbered(model, id);
      const fresh: RecordImage = { shape, stamp, values };
      const known = this.#images.peek(key);
      const what = known ? takesOver(known, id) : 'replace';
      if (what !== 'keep') this.#images.set(key, known && what === 'join' ? joinedImage(this.#shapes, known, fresh) : fresh);
    }
  }

  /** Forgets records: those named, those of a model, or all. @remarks Of a whole model: looks at every image. */
  invalidate(model?: string, ids?: Iterable<StoredId>): void {
    if (model === undefined) {
      // The map stays: records in use come back to those who hold them.
      this.#images.clear();
      this.#lastStamp.forget();
      return;
    }
    if (ids) {
      for (const id of ids) {
        const key = this.#keyOf(model, id);
        if (key !== undefined) this.#images.delete(key);
      }
      return;
    }
    const keys = [...this.#images.entries()].flatMap(([key, { shape }]) => (shape.model === model ? [key] : []));
    for (const key of keys) this.#images.delete(key);
  }

  /** @remarks Looks at every image that was lent. */
  stats(): LocalRecordsStats {
    const { size, bytes, heldOutside, evictions } = this.#images;
    return { records: size, bytes, heldOutside, evictions };
  }

  #keyOf(model: string, id: StoredId): number | string | undefined {
    const number = this.#models.get(model);
    return number === undefined ? undefined : keyUnder(number, id);
  }

  #numbered(model: string, id: StoredId): number | string {
    let number = this.#models.get(model);
    if (number === undefined) this.#models.set(model, (number = this.#models.size));
    return keyUnder(number, id);
  }
}

/** Rows read together. */
export interface Fill {
  readonly stamp: EntryStamp;
  readonly rows: Iterable<readonly [StoredId, readonly unknown[] | undefined]>;
  readonly takesOver: (known: RecordImage, id: StoredId) => 'join' | 'replace' | 'keep';
}

/** One key for a model and an id: a number where it can be, for a text would have to be put together at every look. */
function keyUnder(model: number, id: StoredId): number | string {
  if (typeof id !== 'number') return `${model}${typeof id === 'bigint' ? 'n' : 's'}${String(id)}`;
  return Number.isInteger(id) && id >= LOWEST_ID && id < LOWEST_ID + IDS ? model * IDS + (id - LOWEST_ID) : `${model}f${id}`;
}
