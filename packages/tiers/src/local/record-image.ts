import type { EntryStamp } from '@ormolu/kernel';
import { estimatedBytes, variedFieldBytes } from '../named-cache/entry-size';

/** What a shape takes beside its fields: its objects, the weak reference to it, and its place among the parts that images share. Measured in the memory test. */
const SHAPE_BYTES = 700;
/** A field in the list, and in the map of places. Its name is the model's own. */
const SHAPE_FIELD_BYTES = 64;

/** Which columns of a model an image holds, and in which order. One object for all images that hold the same. */
export class ImageShape {
  readonly model: string;
  readonly fields: readonly string[];
  /** What it takes in memory, with all that is kept to find it again. */
  readonly bytes: number;
  readonly #places: ReadonlyMap<string, number>;

  /** @param key - what it is found by */
  constructor(model: string, fields: readonly string[], key: string) {
    this.model = model;
    this.fields = fields;
    this.bytes = SHAPE_BYTES + SHAPE_FIELD_BYTES * fields.length + 2 * key.length;
    this.#places = new Map(fields.map((field, place) => [field, place]));
  }

  /** Where a field's value stands, or undefined when it is not held. */
  placeOf(field: string): number | undefined {
    return this.#places.get(field);
  }
}

/**
 * What the database held of one record under one snapshot: columns of its own row, as they cross the `Session` contract. Never changed: what
 * is learnt later makes another image.
 */
export interface RecordImage {
  readonly shape: ImageShape;
  readonly stamp: EntryStamp;
  /** In the order of the shape. Undefined: there was no such record. */
  readonly values: readonly unknown[] | undefined;
}

/**
 * The shapes in use, each once.
 *
 * A shape is there for as long as an image has it: whoever reads other columns each time makes another one each time.
 */
export class ImageShapes {
  readonly #shapes = new Map<string, WeakRef<ImageShape>>();
  readonly #collected = new FinalizationRegistry<{ readonly key: string; readonly ref: WeakRef<ImageShape> }>(({ key, ref }) => {
    // The same columns may have been read again meanwhile.
    if (this.#shapes.get(key) === ref) this.#shapes.delete(key);
  });

  of(model: string, fields: readonly string[]): ImageShape {
    const key = JSON.stringify([model, fields]);
    const known = this.#shapes.get(key)?.deref();
    if (known) return known;
    const shape = new ImageShape(model, Object.freeze([...fields]), key);
    const ref = new WeakRef(shape);
    this.#shapes.set(key, ref);
    this.#collected.register(shape, { key, ref });
    return shape;
  }

  /** A shape with the fields of both, those of the first in their places. */
  union(first: ImageShape, second: ImageShape): ImageShape {
    const added = second.fields.filter((field) => first.placeOf(field) === undefined);
    return added.length === 0 ? first : this.of(first.model, [...first.fields, ...added]);
  }
}

/**
 * The image with the columns of both, under the stamp of the one read last.
 *
 * Only right when nobody wrote the record between the two: an image of two moments would show a row that never was.
 * @param older - of the same record
 */
export function joinedImage(shapes: ImageShapes, older: RecordImage, newer: RecordImage): RecordImage {
  const { values } = newer;
  if (!older.values || !values) return newer;
  const shape = shapes.union(newer.shape, older.shape);
  if (shape === newer.shape) return newer;
  const before = older.values;
  const own = values.length;
  return { shape, stamp: newer.stamp, values: shape.fields.map((field, place) => (place < own ? values[place] : before[older.shape.placeOf(field) ?? -1])) };
}

/** What an entry takes beside its values: keys, the places of maps and queues, the image itself. Measured in the memory test. */
const ENTRY_BYTES = 400;

/** What an image takes in memory, with all that is kept to find it again, but without its stamp and shape, which others may have, too. */
export function imageBytes({ values }: RecordImage): number {
  return ENTRY_BYTES + (values ? estimatedBytes(values, variedFieldBytes) : 0);
}
