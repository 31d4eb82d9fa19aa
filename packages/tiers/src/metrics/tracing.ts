/** Work that is seen by whoever traces: what it is, and of what. Values of records and keys are never part of it. */
export interface Step {
  /** `ormolu.load`, `ormolu.local.read`, `redis getMany`. */
  readonly name: string;
  /** A server of somebody else's is asked. */
  readonly isCall: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Does the work, and sees how long it took and how it ended. What the work begins itself belongs to it. */
export type Tracer = <T>(step: Step, work: () => Promise<T>) => Promise<T>;

let tracers: readonly Tracer[] = [];

/** @returns ends it */
export function addTracer(tracer: Tracer): () => void {
  tracers = [...tracers, tracer];
  return () => {
    tracers = tracers.filter((one) => one !== tracer);
  };
}

/** Whether anybody traces: ask before a {@link Step} is made, so that nobody pays for what nobody sees. */
export function isTraced(): boolean {
  return tracers.length > 0;
}

/** Does the work, seen by all who trace. */
export function traced<T>(step: Step, work: () => Promise<T>): Promise<T> {
  return tracers.reduceRight<() => Promise<T>>((inner, tracer) => () => tracer(step, inner), work)();
}
