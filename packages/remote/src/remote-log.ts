import { formatSnapshot, LogKnowledge, type StorageChangeLog } from '@ormolu/kernel';
import { newsFromWire, type WireExtent, type WireSight } from './wire-sight';

/** The change log of a server's storage, as far as this client was told of it: one for all its sessions. */
export class RemoteChangeLog implements StorageChangeLog {
  readonly knowledge: LogKnowledge = new LogKnowledge();
  readonly #trim: StorageChangeLog['trim'];
  #uncachable: ReadonlyMap<string, string> | undefined;

  /** @param trim - asks the server for it */
  constructor(trim: StorageChangeLog['trim']) {
    this.#trim = trim;
  }

  get uncachable(): ReadonlyMap<string, string> | undefined {
    return this.#uncachable;
  }

  /** What the server need not tell again. */
  get extent(): WireExtent | null {
    const { extent } = this.knowledge;
    return extent ? [extent.epoch, formatSnapshot(extent.until)] : null;
  }

  trim(options?: { readonly keep?: number | undefined }): Promise<number> {
    return this.#trim(options);
  }

  /** Takes in what came with an answer. */
  learn({ uncachable, seen }: WireSight): void {
    // The same map for the same reasons: whoever warns of them looks whether it is another.
    if (!isSame(this.#uncachable, uncachable)) this.#uncachable = new Map(uncachable);
    const news = seen && newsFromWire(seen.news);
    if (news) this.knowledge.learn(news);
  }
}

function isSame(known: ReadonlyMap<string, string> | undefined, told: WireSight['uncachable']): boolean {
  return known?.size === told.length && told.every(([model, reason]) => known.get(model) === reason);
}
