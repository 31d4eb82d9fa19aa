import type { EntryStamp } from '@ormolu/kernel';
import { estimatedBytes, variedFieldBytes } from '../named-cache/entry-size';

/** Which columns of a model an image holds, and in which order. One object for all images that hold the same. */
export class ImageShape {
  readonly model: string;
  readonly fields: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(model: string, fields: readonly string[]) {
    this.model = model;
    this.fields = fields;
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

/** The shapes in use, each once. */
export class ImageShapes {
  readonly #shapes = new Map<string, ImageShape>();

  of(model: string, fields: readonly string[]): ImageShape {
    const key = JSON.stringify([model, fields]);
    let shape = this.#shapes.get(key);
    if (!shape) this.#shapes.set(key, (shape = new ImageShape(model, Object.freeze([...fields]))));
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

/** What an image takes in memory, with all that is kept to find it again, but without its stamp, which others may have, too. */
export function imageBytes({ values }: RecordImage): number {
  return ENTRY_BYTES + (values ? estimatedBytes(values, variedFieldBytes) : 0);
}
