import { createHash } from 'node:crypto';
import type { Backend, BackendEntry, BackendLimits, BackendState } from './backend';

/** One server of a ring. */
export interface RingNode {
  /** By which it is found on the ring: the same in every process. */
  readonly name: string;
  readonly backend: Backend;
}

/** So many places each that servers share the keys to within some percent. */
const PLACES_A_NODE = 160;

/**
 * Several servers as one, each with a share of the keys: one that is added or taken away moves only its own share.
 *
 * A server that is away is not stood in for by another: when it came back, it would still hold what was changed there meanwhile.
 * @see Karger et al., "Consistent hashing and random trees" (1997)
 */
export class Ring implements Backend {
  readonly name: string;
  readonly limits: BackendLimits;
  readonly #nodes: readonly RingNode[];
  readonly #places: Uint32Array;
  readonly #owners: Uint16Array;

  /** @param nodes - at least one; all of one kind */
  constructor(nodes: readonly [RingNode, ...RingNode[]]) {
    this.#nodes = nodes;
    this.name = nodes[0].backend.name;
    this.limits = nodes[0].backend.limits;
    const places = nodes.flatMap(({ name }, owner) => placesOf(name).map((place) => ({ place, owner })));
    places.sort((a, b) => a.place - b.place);
    this.#places = Uint32Array.from(places, ({ place }) => place);
    this.#owners = Uint16Array.from(places, ({ owner }) => owner);
  }

  get nodes(): readonly Backend[] {
    return this.#nodes.map(({ backend }) => backend);
  }

  /** What a server that fails would have answered is unknown; it is an error when all do. */
  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined | null)[]> {
    const [only, ...others] = this.#nodes;
    if (only && others.length === 0) return only.backend.getMany(keys);
    const found = new Array<Uint8Array | undefined | null>(keys.length).fill(null);
    const shares = [...this.#shares(keys, (key) => key)];
    const answers = await Promise.allSettled(shares.map(([node, places]) => node.getMany(places.map((place) => keys[place] ?? ''))));
    for (const [share, answer] of answers.entries()) {
      const [, places = []] = shares[share] ?? [];
      if (answer.status === 'fulfilled') for (const [at, place] of places.entries()) found[place] = answer.value[at];
      else if (answers.every(({ status }) => status === 'rejected')) throw answer.reason;
    }
    return found;
  }

  async setMany(entries: readonly BackendEntry[]): Promise<void> {
    await everywhere([...this.#shares(entries, ({ key }) => key)].map(([node, places]) => node.setMany(places.flatMap((place) => entries[place] ?? []))));
  }

  add(entry: BackendEntry): Promise<boolean> {
    return this.#backendOf(entry.key).add(entry);
  }

  replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean> {
    return this.#backendOf(entry.key).replace(entry, expected);
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const counts = await everywhere([...this.#shares(keys, (key) => key)].map(([node, places]) => node.deleteMany(places.map((place) => keys[place] ?? ''))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.#backendOf(key).touch(key, ttlMs);
  }

  async check(): Promise<string> {
    return (await everywhere(this.#nodes.map(({ backend }) => backend.check()))).join(' ').trim();
  }

  onState(listener: (state: BackendState, cause?: unknown) => void): () => void {
    const up = new Set<number>();
    let last: BackendState | undefined;
    const ends = this.#nodes.map(({ backend }, place) => backend.onState((state, cause) => {
      if (state === 'changed' || state === 'doubtful') {
        listener(state, cause);
        return;
      }
      if (state === 'up') up.add(place);
      else up.delete(place);
      const now = up.size === this.#nodes.length ? 'up' : 'down';
      if (now === 'down' && last === undefined && state === 'up') return;
      if (now !== last) listener((last = now), cause);
    }));
    return () => {
      for (const end of ends) end();
    };
  }

  async close(): Promise<void> {
    await everywhere(this.#nodes.map(({ backend }) => backend.close()));
  }

  #shares<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<Backend, readonly number[]> {
    const shares = new Map<Backend, number[]>();
    for (const [place, one] of all.entries()) {
      const node = this.#backendOf(keyOf(one));
      const share = shares.get(node);
      if (share) share.push(place);
      else shares.set(node, [place]);
    }
    return shares;
  }

  #backendOf(key: string): Backend {
    // Every place has an owner.
    return (this.#nodes[this.nodeOf(key)] as RingNode).backend;
  }

  nodeOf(key: string): number {
    const wanted = hashOf(key);
    let from = 0;
    let to = this.#places.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#places[middle] ?? 0) < wanted) from = middle + 1;
      else to = middle;
    }
    // Beyond the last place the ring begins anew.
    return this.#owners[from % this.#places.length] ?? 0;
  }
}

/** Waits for all of them before it fails with the first that did: what one refuses, the others have done. */
async function everywhere<T>(calls: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

function placesOf(name: string): readonly number[] {
  return Array.from({ length: PLACES_A_NODE / 4 }, (_, turn) => createHash('md5').update(`${name}-${String(turn)}`).digest())
    .flatMap((digest) => [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)));
}

/** FNV-1a, its bits mixed at the end: keys that differ only in their last character lie apart. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
