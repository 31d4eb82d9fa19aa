import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';

/** How far an execution had come, and by which way. */
export interface Mark {
  readonly count: number;
  readonly hash: number;
}

/**
 * What an execution itself assigns and asks, in its order: one that runs again must go the same way as far as the one before it had come.
 *
 * @remarks A number a step, whatever is assigned. Reads are not on it: they are counted, because more would cost every one of them.
 */
export class Trail implements Mark {
  count = 0;
  hash = 17;
  /** Whether it has come as far as the one before, by another way. */
  differs = false;
  readonly #expected: Mark | undefined;

  constructor(expected?: Mark) {
    this.#expected = expected;
  }

  /** Whether it has not come as far as the one before. */
  get isShort(): boolean {
    return this.#expected !== undefined && this.count < this.#expected.count;
  }

  assigned(field: Field, id: Id): void {
    this.#step(numberOf(field.toString()));
    this.#step(typeof id === 'number' ? id : typeof id === 'object' ? 1 : numberOf(String(id))); // drafts of every execution are others
  }

  asked(query: string): void {
    this.#step(numberOf(query));
  }

  #step(number: number): void {
    this.hash = (Math.imul(this.hash, 31) + number) | 0;
    this.count += 1;
    if (this.count === this.#expected?.count && this.hash !== this.#expected.hash) this.differs = true;
  }
}

function numberOf(text: string): number {
  let number = 0;
  for (let place = 0; place < text.length; place += 1) number = (Math.imul(number, 31) + text.charCodeAt(place)) | 0;
  return number;
}
