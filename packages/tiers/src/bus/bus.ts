/**
 * What processes tell each other over: bytes that go to all who listen to a channel. Messages may be lost only where listeners are told so.
 */
export interface Bus {
  /** For messages and statistics: `'redis'`, `'memory'`. */
  readonly name: string;

  /**
   * Sends bytes to all who listen to the channel, the sender's own listeners among them.
   *
   * @returns once they are on their way to everybody who listens; fails when that cannot be known, also after `close`
   */
  publish(channel: string, message: Uint8Array): Promise<void>;

  /** Listens to a channel. @returns ends it */
  subscribe(channel: string, listener: BusListener): () => void;

  /** Ends connections. Listeners are told nothing more. */
  close(): Promise<void>;
}

/** Who listens to a channel. What it throws is nobody's business but its own: it must not. */
export interface BusListener {
  /** Messages of one sender come in their order. */
  readonly message: (bytes: Uint8Array) => void;
  /**
   * `up`: what is published from now on arrives; told once the listener is known to be heard. `down`: since the last message, some may have been lost; told
   * within two seconds of the first that was; and why, as far as that is known.
   */
  readonly state: (state: 'up' | 'down', cause?: unknown) => void;
}
