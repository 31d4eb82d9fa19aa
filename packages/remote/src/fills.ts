import { LimitError } from './errors';

/** The migrations of one client that wait until it has given new fields their values. */
export class Fills {
  readonly #waiting = new Map<number, (error: Error | undefined) => void>();

  /** Waits until the client says that it is done. @throws {LimitError} REMOTE_LIMIT: it could not, or it has gone */
  async done(serial: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.set(serial, (error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    } finally {
      this.#waiting.delete(serial);
    }
  }

  /** What the client says of one; of one that nobody waits for, nothing. */
  tell(serial: number, isDone: boolean): void {
    this.#waiting.get(serial)?.(isDone ? undefined : new LimitError('The client could not give existing records their new values', 'Its own error says why; nothing of the migration stays.'));
  }

  /** The client has gone. */
  fail(): void {
    for (const end of this.#waiting.values()) end(new GoneFillError());
  }
}

/** Who was to give new fields their values cannot do so any more. */
export class GoneFillError extends LimitError {
  constructor() {
    super('The client went before it had given existing records their new values', 'Nothing of the migration stays; run it again.');
  }
}
