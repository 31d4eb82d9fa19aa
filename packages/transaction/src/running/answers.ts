import type { StoredId } from '@ormolu/kernel';

/** A query that a running function cannot go on without. */
export interface Ask {
  /** The same for the same question. */
  readonly key: string;
  /** Sends it. */
  fetch(): Promise<readonly StoredId[]>;
}

type Answer = { readonly ids: readonly StoredId[] } | { readonly error: unknown };

/** What queries have answered to one function that runs, and runs again: they live as long as that. */
export class Answers {
  #known: Map<string, Answer> | undefined;

  /** @returns the ids, or undefined when it has not been asked @throws what sending it threw */
  get(key: string): readonly StoredId[] | undefined {
    const answer = this.#known?.get(key);
    if (answer && 'error' in answer) throw answer.error;
    return answer?.ids;
  }

  /** Sends a question. What goes wrong is thrown where the function asks again, so that it may catch it. */
  async fetch(ask: Ask): Promise<void> {
    this.#known ??= new Map();
    try {
      this.#known.set(ask.key, { ids: await ask.fetch() });
    } catch (error) {
      this.#known.set(ask.key, { error });
    }
  }
}
