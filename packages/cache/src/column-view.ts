import type { Id } from '@ormolu/kernel';
import type { ContextKey } from './shapes';
import type { SlotIndex } from './slot-index';

/**
 * The values of one field under one context key, as whoever is outside the cache sees them: by slot. It stays the right view through
 * everything but `clear`; see `Cache.generation`.
 *
 * @remarks Reads are not counted in the statistics. All are O(1) but the lists of slots.
 */
export interface ColumnView {
  /** The ids' slots, shared by all columns of the model. */
  readonly slots: SlotIndex;
  readonly key: ContextKey;
  /** The generation of the cache in which it holds. */
  readonly generation: number;
  /** How many values there are. */
  readonly size: number;
  /** How many of them wait to be written. */
  readonly dirtySize: number;
  /** The value at a slot, or `MISS`; −1 is nobody's slot and always a miss. */
  at(slot: number): unknown;
  /** The value of an id, or `MISS`. */
  of(id: Id): unknown;
  has(slot: number): boolean;
  isDirty(slot: number): boolean;
  /** The slots that have values, in the order in which these came, as a list of their own: O(highest slot). */
  occupied(): number[];
  /** The slots marked as dirty, in the order in which they were, as a list of their own: O(marks). */
  dirtySlots(): number[];
  /**
   * Puts a value in that waits to be written: the one change that can be made by slot.
   * @param slot - one that `slots` gave out
   * @remarks Only while the field is among `Cache.getDirtyFields`, as it is after a `set` or `update` with `{ dirty: true }`: a mark in
   * another field is not found by who writes what is pending.
   */
  putDirty(slot: number, value: unknown): void;
}
