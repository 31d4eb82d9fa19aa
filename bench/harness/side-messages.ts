/** Which side of which case a process is to play; its only argument, as JSON. */
export interface Role {
  readonly file: string;
  readonly caseIndex: number;
  readonly side: 'base' | 'ours';
  readonly size: number;
}

/** What the runner asks: one more round, or to end. */
export type Request = 'round' | 'close';

/** What a side answers: that it stands ready, the figure of a round (nanoseconds or bytes each, or the case's own), its end, its failure. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'figure'; readonly figure: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string };
