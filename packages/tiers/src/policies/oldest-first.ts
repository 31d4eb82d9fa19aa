/**
 * A set that gives its members back in the order they came.
 *
 * A `Set` knows the order too, but whoever begins at its front each time walks over all that has left there: one iterator, kept, is past them.
 * @remarks Each call is O(1) amortised.
 */
export class OldestFirst<T> {
  readonly #members = new Set<T>();
  /** All members are ahead of it: those it has passed were taken, and who comes again comes last. */
  #ahead = this.#members.values();

  get size(): number {
    return this.#members.size;
  }

  add(member: T): void {
    this.#members.add(member);
  }

  /** @returns whether it was a member */
  delete(member: T): boolean {
    return this.#members.delete(member);
  }

  /** Takes the oldest out; undefined when there is none. */
  takeOldest(): T | undefined {
    // An iterator that has met the end stays there, whatever comes later.
    if (this.#members.size === 0) return undefined;
    const { value } = this.#ahead.next();
    this.#members.delete(value as T); // there is a member, and it is ahead
    return value;
  }

  clear(): void {
    this.#members.clear();
    this.#ahead = this.#members.values();
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#members.values();
  }
}
