/** Runs the calls of a session one after the other, each when the one before has ended, well or not. */
export class CallQueue {
  #last: Promise<void> = Promise.resolve();

  add<T>(call: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(call);
    // Neither answer nor error is kept: an answer can be most of what a program holds.
    this.#last = result.then(ignore, ignore);
    return result;
  }
}

function ignore(): void { /* whoever called is told */ }
