import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';

/** What is asked of one place together. */
interface Gathering {
  readonly fields: Set<Field>;
  readonly ids: Set<Id>;
  /** Those of which every value that is not in memory is wanted. */
  readonly anyway: Set<Id>;
  readonly answered: Promise<void>;
}

type Ask = (fields: readonly Field[], ids: readonly Id[], anyway: ReadonlySet<Id>) => Promise<void>;

/**
 * Lets functions and loads that wait at the same time share their rounds: what they ask of one place goes down as one question.
 *
 * A question waits until everything that can go on without an answer has asked, and until the one before it has been answered, so that
 * nothing is fetched twice.
 */
export class Rounds {
  /** Whoever asks is held by his question, and by nothing afterwards. */
  readonly #gathering = new WeakMap<object, Map<string, Gathering>>();
  readonly #running = new WeakMap<object, Map<string, Promise<unknown>>>();

  /**
   * Asks together with the others.
   *
   * @param who - the environment, by identity
   * @param place - a model or a list
   * @param ask - the same for all who ask there
   * @param anyway - those of the ids that are to be asked for where others would not be
   * @returns when the answer is in memory
   */
  join(who: object, place: string, { fields, ids, anyway = [], ask }: { readonly fields: Iterable<Field>; readonly ids: Iterable<Id>; readonly anyway?: Iterable<Id>; readonly ask: Ask }): Promise<void> {
    const places = placesOf(this.#gathering, who);
    let round = places.get(place);
    if (!round) places.set(place, (round = { fields: new Set(), ids: new Set(), anyway: new Set(), answered: this.#start(who, place, ask) }));
    for (const field of fields) round.fields.add(field);
    for (const id of ids) round.ids.add(id);
    for (const id of anyway) round.anyway.add(id);
    return round.answered;
  }

  async #start(who: object, place: string, ask: Ask): Promise<void> {
    await everybodyHasAsked();
    const running = placesOf(this.#running, who);
    for (let before = running.get(place); before; before = running.get(place)) await before;
    const gathering = placesOf(this.#gathering, who);
    const round = gathering.get(place);
    gathering.delete(place);
    if (!round) return;
    const answer = ask([...round.fields], [...round.ids], round.anyway);
    const over = answer.catch(() => undefined).then(() => running.delete(place));
    running.set(place, over);
    await answer;
  }
}

/** When nothing that runs in this process can go on without waiting for something outside. */
function everybodyHasAsked(): Promise<void> {
  return new Promise((resolve) => {
    void Promise.resolve().then(() => {
      process.nextTick(resolve);
    });
  });
}

function placesOf<V>(map: WeakMap<object, Map<string, V>>, who: object): Map<string, V> {
  let places = map.get(who);
  if (!places) map.set(who, (places = new Map<string, V>()));
  return places;
}
