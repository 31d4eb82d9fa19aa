/** What one user may see of a model. */
export interface ModelView {
  /** The fields that he may read. */
  readonly fields: ReadonlySet<string>;
  /** Of these, the computed ones that only the server can work out: they follow from what he may not see. */
  readonly served: ReadonlySet<string>;
}

/** What a server lets the programs of one user know of its models. */
export interface UserView {
  readonly user: number;
  /** By model. What is not there the server does not have. */
  readonly models: ReadonlyMap<string, ModelView>;
  /** A short text that is equal for equal views. */
  readonly digest: string;
}
