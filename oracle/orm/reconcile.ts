import { contextKey } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '@ormolu/transaction';
import type { Parts } from '../departures';
import { asRecorded } from './view';
import type { World } from './world';

type Keyed = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type CacheView = Readonly<Record<string, Keyed>>;

/** A cached value that one side holds and the other does not. */
interface OneSided {
  readonly field: Field;
  readonly key: string;
  readonly id: number;
  readonly side: 'expected' | 'actual';
  readonly value: unknown;
}

/**
 * What is in memory is a matter of cost, which statement counts bound; that it is true is what a state must show. So a value that
 * only the recorded server had in memory must be the one that a read gives here at this moment, and one that only we have must be the
 * one that a read gives when it is forgotten. Values that are to be recomputed are nobody's truth and are left out.
 *
 * @param expected - parts of a step in their one form; ours likewise
 * @returns both, with one-sided values that are true on both sides or on neither
 */
export async function reconciled(world: World, expected: Parts, actual: Parts): Promise<{ readonly expected: Parts; readonly actual: Parts }> {
  let sides = { expected, actual };
  for (const name of ['state', 'enterState']) {
    const ours = cacheOf(actual[name]);
    const recorded = cacheOf(expected[name]);
    if (!ours || !recorded) continue;
    const theirs = withoutLeftDrafts(recorded, ours);
    const differing = oneSided(world, theirs, ours);
    const truths = differing.length > 0 ? await new Probe(world).truths(differing) : [];
    sides = {
      expected: { ...sides.expected, [name]: { ...(expected[name] as Parts), cache: theirs } },
      actual: { ...sides.actual, [name]: { ...(actual[name] as Parts), cache: corrected(ours, differing, truths) } },
    };
  }
  return sides;
}

/** Ours, with the values that a read gives and without those that are true. One of ours that is not true stays, and differs. */
function corrected(ours: CacheView, differing: readonly OneSided[], truths: readonly unknown[]): CacheView {
  const values = new Map<string, Map<string, Map<string, unknown>>>(Object.entries(ours)
    .map(([name, keyed]) => [name, new Map(Object.entries(keyed).map(([key, own]) => [key, new Map(Object.entries(own))]))]));
  for (const [place, { field, key, id, side, value }] of differing.entries()) {
    const name = field.toString();
    const keyed = values.get(name) ?? new Map<string, Map<string, unknown>>();
    const own = keyed.get(key) ?? new Map<string, unknown>();
    const truth = truths[place];
    if (side === 'expected' && truth !== undefined) own.set(String(id), truth);
    else if (side === 'actual' && (truth === undefined || isSame(field, truth, value))) own.delete(String(id));
    values.set(name, keyed.set(key, own));
  }
  return Object.fromEntries([...values].map(([name, keyed]): [string, Keyed] => {
    const left = [...keyed].filter(([, own]) => own.size > 0).map(([key, own]) => [key, Object.fromEntries(own)] as const);
    return [name, Object.fromEntries(left)];
  }).filter(([, keyed]) => Object.keys(keyed).length > 0));
}

function cacheOf(state: unknown): CacheView | undefined {
  return typeof state === 'object' && state !== null && 'cache' in state ? (state.cache as CacheView | undefined) : undefined;
}

function oneSided(world: World, theirs: CacheView, ours: CacheView): readonly OneSided[] {
  const found: OneSided[] = [];
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const at = name.lastIndexOf('.');
    const field = world.tx.registry.field(name.slice(0, at), name.slice(at + 1));
    for (const key of new Set([...Object.keys(theirs[name] ?? {}), ...Object.keys(ours[name] ?? {})])) {
      const their = theirs[name]?.[key] ?? {};
      const our = ours[name]?.[key] ?? {};
      for (const id of new Set([...Object.keys(their), ...Object.keys(our)])) {
        if ((id in their) === (id in our)) continue;
        found.push({ field, key, id: Number(id), side: id in their ? 'expected' : 'actual', value: id in their ? their[id] : our[id] });
      }
    }
  }
  // Drafts live in memory alone: what one side does not hold of them cannot be asked for again.
  return found.filter(({ id }) => Number.isInteger(id));
}

/** What is recorded, without the drafts of which nothing lives here: those that the recorded server leaves behind when they have become records. */
function withoutLeftDrafts(expected: CacheView, actual: CacheView): CacheView {
  const living = new Set(Object.values(actual).flatMap((keyed) => Object.values(keyed).flatMap((values) => Object.keys(values))));
  return Object.fromEntries(Object.entries(expected).map(([name, keyed]): [string, Keyed] => [name, Object.fromEntries(Object.entries(keyed)
    .map(([key, values]) => [key, Object.fromEntries(Object.entries(values).filter(([id]) => !id.startsWith('new:') || living.has(id)))] as const)
    .filter(([, values]) => Object.keys(values).length > 0))]).filter(([, keyed]) => Object.keys(keyed).length > 0));
}

/** Reads values as a program would, and leaves memory as it was. */
class Probe {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** @returns what a read gives for each, in the words of a recording; undefined where it cannot be told now */
  async truths(asked: readonly OneSided[]): Promise<readonly unknown[]> {
    const { tx, statements, calls } = this.#world;
    // While triggers wait nobody may say what is true of their dependents.
    if (tx.triggers.size > 0 || tx.session.state !== 'open') return asked.map(({ side, value }) => (side === 'expected' ? value : undefined));
    return statements.unheard(() => calls.unheard(async () => {
      const truths: unknown[] = [];
      for (const one of asked) truths.push(await this.#truth(one));
      return truths;
    }));
  }

  async #truth({ field, key, id, side, value }: OneSided): Promise<unknown> {
    const { tx } = this.#world;
    if (field.compute && field.isStored && tx.tocompute.has(field, id)) return side === 'expected' ? value : undefined;
    const env = this.#envOf(field, key);
    const record = env.model(field.model).browse(id);
    if (tx.cache.isDirty(record, field)) return value;
    const before = new Map<Field, ReadonlySet<Id>>(this.#fields().map((one) => [one, new Set([...tx.cache.entries(one)].map(([, known]) => known))]));
    const held: unknown = tx.cache.get(record, field, undefined);
    try {
      if (held !== undefined) tx.cache.remove(record, field);
      await env.run(() => record.get(field.name));
      return asRecorded(this.#world, tx.cache.get(record, field, undefined));
    } catch {
      // Nobody can read it here: the recording has a value that is not there.
      return undefined;
    } finally {
      if (held !== undefined) tx.cache.set(record, field, held);
      for (const one of this.#fields()) {
        const known = before.get(one) ?? new Set();
        const fresh = [...tx.cache.entries(one)].map(([, other]) => other).filter((other) => !known.has(other));
        if (fresh.length > 0) tx.cache.invalidate([[one, fresh]]);
      }
    }
  }

  #fields(): readonly Field[] {
    return [...this.#world.tx.registry.models.values()].flatMap((model) => [...model.fields.values()]);
  }

  /** An environment in which the field's values stand under this key. */
  #envOf(field: Field, key: string): Environment {
    let { env } = this.#world;
    if (field.dependsContext.length === 0 || contextKey([]) === key) return env;
    const values = JSON.parse(key) as readonly unknown[]; // a key of plain values reads as JSON
    for (const [place, name] of field.dependsContext.entries()) {
      const value = values[place];
      if (name === 'uid') env = env.withUser((value as readonly number[])[0] ?? null);
      else if (name === 'company') env = env.withCompany(value as number);
      else env = env.withContext({ [name]: value ?? undefined });
    }
    return env;
  }
}

function isSame(field: Field, truth: unknown, value: unknown): boolean {
  return Array.isArray(truth) && Array.isArray(value) ? field.isEqual(truth, value) : Object.is(truth, value);
}
