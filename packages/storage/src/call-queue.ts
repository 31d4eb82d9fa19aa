/** Runs the calls of a session one after the other, each when the one before has ended, well or not. */
export class CallQueue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Whether what is added now would run at once. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  add<T>(call: () => T | Promise<T>): Promise<T> {
    this.#waiting += 1;
    const result = this.#last.then(call);
    // Neither answer nor error is kept: an answer can be most of what a program holds. Whoever called is told.
    this.#last = result.then(this.#ended, this.#ended);
    return result;
  }

  readonly #ended = (): void => {
    this.#waiting -= 1;
  };
}
