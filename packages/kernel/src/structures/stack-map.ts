import { MisuseError } from '../errors';

/** A stack of maps was used while it had none. */
export class StackMapEmptyError extends MisuseError {
  constructor(call: string) {
    super('STACK_MAP_EMPTY', `StackMap.${call}() needs a map on the stack and there is none. Call push() first, and pop() once per push().`);
  }
}

/**
 * A stack of maps read as one: a key is looked up from the top down, and written, or deleted, in the top map alone.
 *
 * @see oracle/README.md, structure-traces: the recorded behaviour
 */
export class StackMap<K, V> {
  readonly #maps: Map<K, V>[] = [];

  /** How many maps are on the stack. */
  get depth(): number {
    return this.#maps.length;
  }

  /** How many different keys there are in all maps. */
  get size(): number {
    return this.keys().size;
  }

  /** The value of the topmost map that has the key, or undefined. */
  get(key: K): V | undefined {
    return this.#topmost(key)?.get(key);
  }

  has(key: K): boolean {
    return this.#topmost(key) !== undefined;
  }

  /** Writes into the top map. @throws {StackMapEmptyError} STACK_MAP_EMPTY */
  set(key: K, value: V): void {
    this.#top('set').set(key, value);
  }

  /**
   * Deletes from the top map only, so that a value below may come to light.
   * @returns whether the top map had the key
   * @throws {StackMapEmptyError} STACK_MAP_EMPTY
   */
  delete(key: K): boolean {
    return this.#top('delete').delete(key);
  }

  /** The different keys of all maps, from the bottom map up. */
  keys(): Set<K> {
    return new Set(this.#maps.flatMap((map) => [...map.keys()]));
  }

  /** The maps, bottom first. They are the stack's own: reading only. */
  maps(): readonly ReadonlyMap<K, V>[] {
    return this.#maps;
  }

  /** Puts a map on top. @param map - an empty one when left out; the stack keeps and changes it */
  push(map: Map<K, V> = new Map<K, V>()): void {
    this.#maps.push(map);
  }

  /** Takes the top map off. @throws {StackMapEmptyError} STACK_MAP_EMPTY */
  pop(): Map<K, V> {
    const top = this.#top('pop');
    this.#maps.pop();
    return top;
  }

  #top(call: string): Map<K, V> {
    const top = this.#maps.at(-1);
    if (top === undefined) throw new StackMapEmptyError(call);
    return top;
  }

  #topmost(key: K): Map<K, V> | undefined {
    return this.#maps.findLast((map) => map.has(key));
  }
}
