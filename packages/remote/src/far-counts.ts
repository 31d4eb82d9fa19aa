import { channels, type AnswerEvent, type FarSide, type RungStats } from '@ormolu/kernel';
import type { Reached } from './watched-session';

/** What was asked of a server, for one question. */
export interface Asked {
  readonly model: string;
  readonly fields: readonly string[];
  /** Records asked for, of a search those that it found. */
  readonly records: number;
}

/** The steps behind the network: what a server's own caches have answered this client, and what its storage. */
export class FarCounts implements FarSide {
  readonly step = 'network';
  #local = { questions: 0, records: 0, hits: 0 };
  #storage = { questions: 0, records: 0, hits: 0 };

  /** Counts a question, and tells who listens which steps have answered it. @param found - records */
  add({ records, ...question }: Asked, found: number, reached: Reached): void {
    const kept = Math.max(0, records - reached.records);
    this.#local = { questions: this.#local.questions + 1, records: this.#local.records + records, hits: this.#local.hits + kept };
    if (reached.questions > 0) this.#storage = { questions: this.#storage.questions + reached.questions, records: this.#storage.records + reached.records, hits: this.#storage.hits + Math.max(0, found - kept) };
    if (!channels.answer.hasSubscribers) return;
    const steps: AnswerEvent[] = [{ rung: SERVER_LOCAL, ...question, records: kept }, { rung: SERVER_STORAGE, ...question, records: reached.records }];
    for (const event of steps) if (event.records > 0 || (records === 0 && (reached.questions > 0) === (event.rung === SERVER_STORAGE))) channels.answer.publish(event);
  }

  stats(): readonly RungStats[] {
    return [{ rung: SERVER_LOCAL, ...this.#local }, { rung: SERVER_STORAGE, ...this.#storage }];
  }
}

const SERVER_LOCAL = 'server: local';
const SERVER_STORAGE = 'server: storage';
