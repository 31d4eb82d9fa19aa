/**
 * A set that keeps the order in which elements were first added; adding one again changes nothing.
 *
 * A JavaScript `Set` is one already: this only adds the words for many elements.
 * @see oracle/README.md, structure-traces: the recorded behaviour
 */
export class OrderedSet<T> extends Set<T> {
  /** Adds those that are not in, in order. Those that are keep their place, also in a {@link LastOrderedSet}: so it was recorded. */
  addAll(elements: Iterable<T>): void {
    for (const element of elements) {
      if (!this.has(element)) this.add(element);
    }
  }

  /** Deletes all; absent ones are no error. */
  deleteAll(elements: Iterable<T>): void {
    for (const element of elements) this.delete(element);
  }
}

/** An ordered set in which adding an element again moves it to the end. */
export class LastOrderedSet<T> extends OrderedSet<T> {
  override add(element: T): this {
    this.delete(element);
    return super.add(element);
  }
}
