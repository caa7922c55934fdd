/** What a benchmark is, and what it finds. */

import type { Contestant } from "./contestant.ts";

export interface Benchmark {
  /** As in `npm run bench -- NAME`. */
  readonly name: string;
  readonly summary: string;
  /** Every program that it starts, on this machine or not. */
  readonly contestants: readonly Contestant[];
  run(settings: Settings): Promise<Findings[]>;
}

export interface Settings {
  /** Turns of every contestant. */
  readonly rounds: number;
  /** Take the tables alone whose title holds this. */
  readonly only?: string | undefined;
  /** What is going on, for who waits. */
  readonly onProgress: (what: string) => void;
}

/** One table: measurements in one unit, and what they are compared by. */
export interface Findings {
  readonly title: string;
  /** Of the measurements, such as "ms a step". */
  readonly unit: string;
  /** For what is no list of samples. */
  readonly tables?: readonly Table[];
  readonly measurements: readonly Measurement[];
  readonly comparisons: readonly Comparison[];
  /** Whatever else is to be said, a line each. */
  readonly notes: readonly string[];
}

export interface Table {
  readonly head: readonly string[];
  /** As many cells each as the head has. */
  readonly rows: readonly (readonly string[])[];
}

export interface Measurement {
  readonly name: string;
  /** In the order taken. */
  readonly samples: readonly number[];
  /** Beside the samples, where there is a training: what its last step minimized. */
  readonly losses?: readonly number[];
}

export interface Comparison {
  readonly name: string;
  /** One number a round, each free of what slowed that round as a whole. */
  readonly ratios: readonly number[];
  readonly target?: Target | undefined;
}

/** Of the median. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

export function meets(value: number, target: Target): boolean {
  return "atMost" in target ? value <= target.atMost : value >= target.atLeast;
}
