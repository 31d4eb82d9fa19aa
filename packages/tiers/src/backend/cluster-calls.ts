import { OutageError } from '@ormolu/kernel';
import type * as Driver from 'ioredis';
import { ImportingNodes } from './importing-nodes';

/** Makes a call about one key, wherever that is by now. */
export type RoutedCall = <T>(key: string, call: (on: Driver.Redis | Driver.Cluster) => Promise<T>) => Promise<T>;

/** What is told of: see `BackendState`. */
type ClusterChange = 'changed' | 'doubtful';

/** Another node has the key, or will have it in a moment: nothing has been done. */
const ELSEWHERE = /^(?:MOVED|ASK|TRYAGAIN) /;
/** The key is on its way to another node, where it is, or will be if it is made: that one is to be asked about it, while it has no slot of it. */
const ON_ITS_WAY = /^ASK \d+ (.+)/;

/**
 * Calls of a Redis Cluster, whose keys may move to other nodes at any time.
 *
 * ioredis follows a key that has moved. But of several that travel in one pipeline and have moved to different places it follows none, and asks nobody where they are now: the next
 * pipeline goes the same way. So whoever fails has the driver ask, and what was not done is done once more.
 *
 * Nor does it follow one of several in a pipeline that is on its way to another node: by itself, it does.
 */
export class ClusterCalls {
  readonly #cluster: Driver.Cluster;
  readonly #listeners = new Set<(state: ClusterChange) => void>();
  /** Who had keys when the driver last asked: their addresses. */
  #masters: ReadonlySet<string> = new Set();
  #refreshing: Promise<void> | undefined;
  readonly #importing: ImportingNodes;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param refreshEveryMs - who has which keys is asked so often, also where nobody is sent elsewhere; 0: never. The driver's own would ask for ever where it is closed while it asks */
  constructor(cluster: Driver.Cluster, refreshEveryMs: number) {
    this.#cluster = cluster;
    if (refreshEveryMs > 0) this.#timer = setInterval(() => void this.#refresh(), refreshEveryMs).unref();
    this.#importing = new ImportingNodes(() => cluster.nodes('master')[0], () => this.#tell('doubtful'));
    cluster.on('refresh', () => {
      const before = this.#masters;
      this.#masters = new Set(cluster.nodes('master').map(addressOf));
      this.#importing.leave(this.#masters);
      if (before.size > 0 && (before.size !== this.#masters.size || this.#areOthers(before))) this.#tell('changed');
    }).on('-node', (node: Driver.Redis) => {
      if (this.#masters.has(addressOf(node))) this.#tell('changed');
    }).on('+node', (node: Driver.Redis) => {
      // Where calls do not travel together (`enableAutoPipelining: false`), it follows a key that is on its way by itself, on a connection that it soon ends.
      const address = addressOf(node);
      if (this.#masters.size > 0 && !cluster.slots.some((nodes) => nodes.includes(address))) this.#importing.watch(address);
    });
  }

  /** @param call - about that key; made twice when the first node says that it has done nothing @throws {UnreachedError} when the key is on its way to a node that cannot be reached */
  readonly make: RoutedCall = async (key, call) => {
    try {
      return await call(this.#cluster);
    } catch (error) {
      const [, address] = (error instanceof Error && ON_ITS_WAY.exec(error.message)) || [];
      const followed = address === undefined ? undefined : this.#importing.ask(this.#mapped(address), key, call);
      if (followed) return followed;
      const asked = this.#refresh();
      if (!(error instanceof Error) || !ELSEWHERE.test(error.message)) throw error;
      await asked;
      return call(this.#cluster);
    }
  };

  /**
   * Tells when the connection to a node is lost that has keys: with the next one, it may have what it had long ago. And when another node has keys: one that is put in the place of one
   * that is silent has what it was told in time, while nobody's connection ends.
   *
   * It is `doubtful` when it was a node that has no slot yet: none is in the run that `check` tells.
   *
   * @returns ends it
   */
  onChange(listener: (state: ClusterChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** An answer has come. The driver follows a key to its new place before it asks who has which keys now. */
  notice(): void {
    if (this.#masters.size > 0 && this.#areOthers(this.#masters)) this.#tell('changed');
  }

  /**
   * Which run of which servers this is, by what the nodes say now of who has keys: all processes that ask are told the same.
   *
   * @throws {OutageError} TIER_UNAVAILABLE while some keys are on no node that answers: its nodes answer then, and refuse what they are asked
   */
  async check(): Promise<string> {
    // The driver forgets a node whose connection it has lost, and learns of one that took another's place when it is sent there. What it asked before this was asked may be older.
    await this.#refreshing;
    await this.#refresh();
    const masters = this.#cluster.nodes('master');
    if (masters.length === 0) throw new OutageError('TIER_UNAVAILABLE', 'No node of the Redis Cluster has been reached yet.');
    const told = await Promise.all(masters.map(async (node) => {
      await connected(node);
      return Promise.all([node.info('server'), stateOf(node)]);
    }));
    if (told.some(([, state]) => state.includes('cluster_state:fail'))) throw new OutageError('TIER_UNAVAILABLE', 'The Redis Cluster is down: some of its keys are on no node that answers.');
    return told.map(([info]) => runOf(info)).sort().join(' ');
  }

  /**
   * Who has which slots, as each of them says.
   *
   * @throws {OutageError} TIER_UNAVAILABLE while keys are on their way from one to another: whoever goes through all keys of each node may meet them nowhere
   */
  async places(): Promise<string> {
    await this.#refresh();
    const told = await Promise.all(this.#cluster.nodes('master').map(async (node) => {
      await connected(node);
      const [line = ''] = /^.*\bmyself\b.*$/m.exec(String(await node.cluster('NODES'))) ?? [];
      // Its name, and what stands behind its state; those on their way are in brackets.
      return `${line.slice(0, line.indexOf(' '))} ${line.split(' connected ')[1] ?? ''}`;
    }));
    if (told.some((line) => line.includes('['))) throw new OutageError('TIER_UNAVAILABLE', 'Keys of the Redis Cluster are on their way to other nodes.');
    return told.sort().join('\n');
  }

  close(): void {
    clearInterval(this.#timer);
    this.#importing.close();
  }

  /** Has the driver ask which node has which keys. Those who ask at once are told together; it never fails. */
  #refresh(): Promise<void> {
    this.#refreshing ??= new Promise<void>((resolve) => this.#cluster.refreshSlotsCache(() => resolve())).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** One that the driver was sent to for a key that is on its way there is among its masters, too: it is one when it has a slot, which is seldom asked for, as there are many. */
  #areOthers(known: ReadonlySet<string>): boolean {
    return this.#cluster.nodes('master').some((node) => !known.has(addressOf(node))) && this.#cluster.slots.some(([first]) => first !== undefined && !known.has(first));
  }

  /** Nodes behind a wall are known by other addresses. */
  #mapped(address: string): string {
    const { natMap } = this.#cluster.options;
    const mapped = typeof natMap === 'function' ? natMap(address) : natMap?.[address];
    return mapped ? `${mapped.host}:${String(mapped.port)}` : address;
  }

  #tell(state: ClusterChange): void {
    for (const listener of this.#listeners) listener(state);
  }
}

function addressOf({ options: { host, port } }: Driver.Redis): string {
  return `${String(host)}:${String(port)}`;
}

/** By node: however many wait for its connection, it has one listener of ours. */
const CONNECTING = new WeakMap<Driver.Redis, Promise<void>>();

/** The driver makes a connection when something is sent on it, which does not wait for that. */
async function connected(node: Driver.Redis): Promise<void> {
  if (node.status === 'ready') return;
  if (node.status === 'wait') {
    await node.connect();
    return;
  }
  const known = CONNECTING.get(node) ?? new Promise<void>((resolve, reject) => {
    const end = (): void => {
      node.off('ready', end).off('end', end);
      CONNECTING.delete(node);
      if (node.status === 'ready') resolve();
      else reject(new OutageError('TIER_UNAVAILABLE', `There is no connection to ${addressOf(node)}.`));
    };
    node.on('ready', end).on('end', end);
  });
  CONNECTING.set(node, known);
  await known;
}

/** The number by which a server tells one of its runs from another. */
export function runOf(info: string): string {
  return /run_id:(\w+)/.exec(info)?.[1] ?? '';
}

/** A user who may not ask is not told of an outage before he meets it. */
async function stateOf(node: Driver.Redis): Promise<string> {
  try {
    return await node.cluster('INFO');
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return '';
    throw error;
  }
}
