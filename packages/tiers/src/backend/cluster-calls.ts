import { OutageError } from '@ormolu/kernel';
import type * as Driver from 'ioredis';

/** Makes a call about one key, wherever that is by now. */
export type RoutedCall = <T>(call: () => Promise<T>) => Promise<T>;

/** Another node has the key, or will have it in a moment: nothing has been done. */
const ELSEWHERE = /^(?:MOVED|ASK|TRYAGAIN) /;

/**
 * Calls of a Redis Cluster, whose keys may move to other nodes at any time.
 *
 * ioredis follows a key that has moved. But of several that travel in one pipeline and have moved to different places it follows none, and asks nobody where they are now: the next
 * pipeline goes the same way. So whoever fails has the driver ask, and what was not done is done once more.
 */
export class ClusterCalls {
  readonly #cluster: Driver.Cluster;

  constructor(cluster: Driver.Cluster) {
    this.#cluster = cluster;
  }

  /** @param call - about one key; made twice when the first node says that it has done nothing */
  readonly make: RoutedCall = async (call) => {
    try {
      return await call();
    } catch (error) {
      const asked = this.#refresh();
      if (!(error instanceof Error) || !ELSEWHERE.test(error.message)) throw error;
      await asked;
      return call();
    }
  };

  /**
   * Tells when the connection to a node is lost that has keys: with the next one, it may have what it had long ago. Of a node that has lost its keys, nobody is told.
   *
   * @returns ends it
   */
  onLost(listener: () => void): () => void {
    const heard = ({ options: { host, port } }: Driver.Redis): void => {
      const lost = `${String(host)}:${String(port)}`;
      if (this.#cluster.slots.some((nodes: readonly string[] | undefined) => nodes?.[0] === lost)) listener();
    };
    this.#cluster.on('-node', heard);
    return () => {
      this.#cluster.off('-node', heard);
    };
  }

  /**
   * Which run of which servers this is, by what the nodes say now of who has keys: all processes that ask are told the same.
   *
   * @throws {OutageError} TIER_UNAVAILABLE while some keys are on no node that answers: its nodes answer then, and refuse what they are asked
   */
  async check(): Promise<string> {
    // The driver forgets a node whose connection it has lost, and learns of one that took another's place when it is sent there.
    await this.#refresh();
    const masters = this.#cluster.nodes('master');
    if (masters.length === 0) throw new OutageError('TIER_UNAVAILABLE', 'No node of the Redis Cluster has been reached yet.');
    const told = await Promise.all(masters.map((node) => Promise.all([node.info('server'), stateOf(node)])));
    if (told.some(([, state]) => state.includes('cluster_state:fail'))) throw new OutageError('TIER_UNAVAILABLE', 'The Redis Cluster is down: some of its keys are on no node that answers.');
    return told.map(([info]) => runOf(info)).sort().join(' ');
  }

  /** Has the driver ask which node has which keys. Those who ask at once are told together; it never fails. */
  #refresh(): Promise<void> {
    return new Promise((resolve) => this.#cluster.refreshSlotsCache(() => resolve()));
  }
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
