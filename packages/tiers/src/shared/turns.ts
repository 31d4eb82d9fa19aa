import Denque from 'denque';

interface Waiting {
  readonly weight: number;
  readonly go: () => void;
  readonly giveUp: (cause: unknown) => void;
}

/**
 * Lets so much be on its way to a server at a time. What is beyond waits, first come, first served: so a deadline measures the server, and not how much it was asked at once.
 *
 * Invariant: who has entered leaves, whatever becomes of him, and enters nothing else before: nobody waits for somebody who waits for him.
 */
export class Turns {
  readonly #most: number;
  readonly #waiting = new Denque<Waiting>();
  #under = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns undefined when he may go at once. What alone is more than may be under way goes alone */
  enter(weight: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(weight)) {
      this.#under += weight;
      return undefined;
    }
    return new Promise((go, giveUp) => {
      this.#waiting.push({ weight, go, giveUp });
    });
  }

  leave(weight: number): void {
    this.#under -= weight;
    for (let first = this.#waiting.peekFront(); first !== undefined && this.#fits(first.weight); first = this.#waiting.peekFront()) {
      this.#waiting.shift();
      this.#under += first.weight;
      first.go();
    }
  }

  /** Who waits, waits in vain. */
  giveUp(cause: unknown): void {
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) first.giveUp(cause);
  }

  #fits(weight: number): boolean {
    return this.#under === 0 || this.#under + weight <= this.#most;
  }
}
