/** What a recorded file of ORM scenarios holds. Nothing of it is trusted beyond its format's name: a part that is missing fails by itself. */
export interface ScenarioFile {
  readonly models: Readonly<Record<string, ModelData>>;
  readonly scenarios: readonly ScenarioData[];
}

export interface ModelData {
  readonly order?: string;
  readonly fields: Readonly<Record<string, FieldData>>;
  readonly computes?: Readonly<Record<string, ComputeData>>;
  readonly inverses?: Readonly<Record<string, InverseData>>;
}

export interface FieldData {
  readonly type: string;
  readonly comodel?: string;
  readonly inverse_name?: string;
  readonly relation?: string;
  readonly column1?: string;
  readonly column2?: string;
  readonly compute?: string;
  readonly inverse?: string;
  readonly related?: string;
  readonly store?: boolean;
  readonly readonly?: boolean;
  readonly recursive?: boolean;
  readonly precompute?: boolean;
  readonly company_dependent?: boolean;
  readonly translate?: boolean;
  readonly ondelete?: string;
  readonly default?: unknown;
  readonly required?: boolean;
}

/** An expression as recorded: a list whose first item names what to do, or a literal. */
export type Expression = unknown;

export interface ComputeData {
  readonly depends?: readonly string[];
  readonly depends_context?: readonly string[];
  readonly assign: Readonly<Record<string, Expression>>;
  /** When true, nothing is assigned. */
  readonly unless?: Expression;
}

export interface InverseData {
  /** What is written, by path from the record. */
  readonly assign: Readonly<Record<string, Expression>>;
}

export interface ScenarioData {
  readonly name: string;
  readonly steps: readonly StepData[];
}

/** One statement as the recorded server sent it. */
export interface StatementData {
  readonly op: string;
  readonly table?: string;
}

/** `kind`, method, ids; or their number where the step keeps no state. */
export type CallData = readonly [kind: string, method: string, ids: readonly (number | string)[] | number];

/** A request and everything that came of it. */
export interface StepData {
  readonly op: string;
  readonly model?: string;
  readonly ids?: readonly number[] | string;
  readonly handle?: string;
  readonly vals?: unknown;
  readonly fields?: readonly string[] | null;
  readonly field?: string;
  readonly path?: string;
  readonly domain?: readonly unknown[];
  readonly order?: string;
  readonly mul?: number;
  readonly origin?: number;
  readonly ref?: string;
  readonly as_handle?: string;
  readonly as?: { readonly context?: Readonly<Record<string, unknown>>; readonly uid?: number; readonly company?: number };
  readonly contexts?: readonly { readonly context?: Readonly<Record<string, unknown>>; readonly uid?: number; readonly company?: number }[];
  readonly what?: readonly (readonly [fields: readonly string[], model: string, ids: readonly number[]])[];
  readonly kind?: string;
  readonly label?: string;
  readonly raise?: boolean;
  /** Of a hook: values, or model, ids and values. */
  readonly write?: Readonly<Record<string, unknown>> | boolean | null;
  readonly flush?: boolean;
  readonly end?: string;
  readonly nostate?: boolean;
  readonly steps?: readonly StepData[];
  readonly result?: unknown;
  readonly error?: string;
  readonly sql?: readonly StatementData[];
  readonly enterSql?: readonly StatementData[];
  readonly calls?: readonly CallData[];
  readonly enterCalls?: readonly CallData[];
  readonly state?: StateData;
  readonly enterState?: StateData;
  readonly db?: Readonly<Record<string, readonly RowData[]>>;
}

export type RowData = Readonly<Record<string, unknown>>;

export interface StateData {
  /** Field → id → value, or for a field that depends on context a list of key and values. */
  readonly cache: Readonly<Record<string, Readonly<Record<string, unknown>> | readonly KeyedValues[]>>;
  readonly tocompute: Readonly<Record<string, readonly unknown[]>>;
  readonly dirty: Readonly<Record<string, readonly unknown[]>>;
  readonly protected?: Readonly<Record<string, readonly unknown[]>>;
}

export interface KeyedValues {
  readonly key: readonly unknown[];
  readonly values: Readonly<Record<string, unknown>>;
}
