/** Which side of which case a process is to play; its only argument, as JSON. */
export interface Role {
  readonly file: string;
  readonly caseIndex: number;
  readonly side: 'base' | 'ours' | 'peer';
  /** Which peer. */
  readonly peer?: string;
  readonly size: number;
}

/** What the runner asks: one more round, or to end. */
export type Request = 'round' | 'close';

/** What a side answers: that it stands ready, the figures of a round (nanoseconds or bytes each, or the case's own; several of a trial), its end, its failure. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'figures'; readonly figures: readonly number[] }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string };
