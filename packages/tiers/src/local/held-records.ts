import { isWithin, whyStale, type Columns, type CommittedImages, type EntryStamp, type MissReason, type ReadQuestion, type Sight, type StoredId } from '@ormolu/kernel';
import type { LocalMiss } from './local-counts';
import type { LocalRecords } from './local-records';
import type { ImageShape } from './record-image';

/** The part of a question that images answer, and the part that they do not. */
export interface Held {
  /** Records known, those known not to exist left out. */
  readonly ids: readonly StoredId[];
  readonly columns: readonly (readonly unknown[])[];
  /** All ids answered, those known not to exist among them. */
  readonly known: readonly StoredId[];
  readonly missing: readonly StoredId[];
  /** Why those are missing, in their order. */
  readonly reasons: readonly LocalMiss[];
  /** Which of the known records were read under which stamp. */
  readonly stamps: ReadonlyMap<EntryStamp, readonly StoredId[]>;
}

/** Of how many records the images hold all columns wanted, whoever may use them. @param enough - more need not be counted */
export function countHeld(records: LocalRecords, { model, ids, fields }: ReadQuestion, enough: number = Infinity): number {
  const places = new Places(fields);
  let held = 0;
  for (const id of ids) {
    const image = records.peek(model, id);
    if (image && (!image.values || places.of(image.shape))) held += 1;
    if (held >= enough) break;
  }
  return held;
}

/** Whether an image of other columns may be joined with what an answer brings. */
export function meetsOthers(records: LocalRecords, { model, ids, fields }: ReadQuestion): boolean {
  const shapes = new Set(ids.map((id) => records.peek(model, id)?.shape));
  return [...shapes].some((shape) => shape?.fields.some((field) => !fields.includes(field)));
}

/** What the images say that hold for a reader. Repeated ids are answered once. */
export function heldRecords(records: LocalRecords, sight: Sight, { model, ids, fields }: ReadQuestion): Held {
  const places = new Places(fields);
  const answered: StoredId[] = [];
  const known: StoredId[] = [];
  const columns = fields.map((): unknown[] => []);
  const missing: StoredId[] = [];
  const reasons: LocalMiss[] = [];
  const stamps = new Map<EntryStamp, StoredId[]>();
  const judge = new Judge(sight, model);
  const get = records.getterOf(model);
  // Most were read together.
  let stamp: EntryStamp | undefined;
  let ofStamp: StoredId[] = [];
  for (const id of new Set(ids)) {
    const image = get(id);
    const at = image?.values && places.of(image.shape);
    const reason = !image ? 'not kept' : image.values && !at ? 'other fields' : judge.whyStale(image.stamp, id);
    if (!image || reason !== undefined) {
      missing.push(id);
      reasons.push(reason ?? 'not kept');
      continue;
    }
    known.push(id);
    if (image.stamp !== stamp) {
      stamp = image.stamp;
      ofStamp = stamps.get(stamp) ?? [];
      stamps.set(stamp, ofStamp);
    }
    ofStamp.push(id);
    if (!image.values || !at) continue;
    answered.push(id);
    for (let place = 0; place < columns.length; place += 1) columns[place]?.push(own(image.values[at[place] ?? -1]));
  }
  return { ids: answered, columns, known, missing, reasons, stamps };
}

/**
 * Keeps what the database answered.
 *
 * @param asked - all ids asked for: those not answered do not exist
 * @param sight - of who asked, when he has one: an image of other columns is joined with the new one when it holds at the same moment
 */
export function keepRecords(records: LocalRecords, { model, ids: asked, fields }: ReadQuestion, { answer, sight }: { readonly answer: Columns; readonly sight: Sight | undefined }): void {
  const { stamp, ids, columns } = answer;
  if (!stamp || fields.length === 0) return;
  const rows = new Map<StoredId, readonly unknown[] | undefined>(asked.map((id) => [id, undefined]));
  for (const [row, id] of ids.entries()) rows.set(id, columns.map((column) => own(column[row])));
  // Nobody's transaction: whoever read under this stamp has changed nothing.
  const then: Sight | undefined = sight && { snapshot: stamp.snapshot, epoch: stamp.epoch, log: sight.log, isChangedHere: () => false, hasChanged: () => false, whyUncachable: (name) => sight.whyUncachable(name) };
  records.put(model, fields, {
    stamp, rows,
    takesOver: (known, id) => (then && whyStale(then, known.stamp, [{ model, id }]) === undefined ? 'join' : isNews(stamp, known.stamp) ? 'replace' : 'keep'),
  });
}

/**
 * Keeps how a commit has left what it changed.
 *
 * Who read a record since, with that commit in sight, knows as much or more: his image stays.
 */
export function keepWritten(records: LocalRecords, { stamp, written }: CommittedImages): void {
  for (const { model, fields, rows } of written) records.put(model, fields, { stamp, rows, takesOver: (known) => (isNews(stamp, known.stamp) ? 'replace' : 'keep') });
}

/** Whether what was read under a stamp should take the place of what is kept: not when it sees less, for new readers would miss then. */
export function isNews(stamp: EntryStamp, known: EntryStamp): boolean {
  return stamp.epoch !== known.epoch || isWithin(known.snapshot, stamp.snapshot) || !isWithin(stamp.snapshot, known.snapshot);
}

/** Bytes are copied on their way in and out: whoever gets an array of them can write into it. Other values that can change are copied above. */
function own(value: unknown): unknown {
  return value instanceof Uint8Array ? value.slice() : value;
}

/** Judges images of one model for one reader. Most were read together: what holds of the whole model under a stamp is found out once. */
class Judge {
  readonly #sight: Sight;
  readonly #model: string;
  #stamp: EntryStamp | undefined;
  #ofAll: MissReason | undefined;

  constructor(sight: Sight, model: string) {
    this.#sight = sight;
    this.#model = model;
  }

  whyStale(stamp: EntryStamp, id: StoredId): MissReason | undefined {
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#ofAll = whyStale(this.#sight, stamp, [{ model: this.#model }]);
    }
    // That some record has changed says nothing of this one; all else is the same of each.
    const isOfSome = this.#ofAll === 'changed between' || this.#ofAll === 'changed here';
    return isOfSome ? whyStale(this.#sight, stamp, [{ model: this.#model, id }]) : this.#ofAll;
  }
}

/** Where the fields of a question stand, in shapes that mostly come again and again. */
class Places {
  readonly #fields: readonly string[];
  #shape: ImageShape | undefined;
  #places: readonly number[] | undefined;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** Undefined when not all of them are held. */
  of(shape: ImageShape): readonly number[] | undefined {
    if (shape === this.#shape) return this.#places;
    this.#shape = shape;
    const places = this.#fields.flatMap((field) => shape.placeOf(field) ?? []);
    this.#places = places.length === this.#fields.length ? places : undefined;
    return this.#places;
  }
}
