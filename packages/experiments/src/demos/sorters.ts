/** The relaxations side by side, at learning to sort lists of several lengths: errors, time and memory of each. */

import { generated } from "../data/types.ts";
import type { TrainingEvent } from "../experiment.ts";
import { watchArrays } from "../nn/live-arrays.ts";
import { sorting } from "../sorting/index.ts";

export interface SorterComparison {
  /** Numbers in a list. */
  readonly n: readonly number[];
  /** Of a training. */
  readonly steps: number;
  /** Lists a step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** What one training came to. */
export interface SorterRun {
  readonly n: number;
  readonly relaxation: string;
  /** % of numbers in a wrong place, and of lists with any error, of fresh lists. */
  readonly wrongElements: number;
  readonly wrongLists: number;
  /** Of the fastest step: what else a machine does makes the others longer. */
  readonly milliseconds: number;
  /** The most that all arrays of a step take at once, beyond the state. */
  readonly megabytes: number;
}

interface Contestant {
  readonly relaxation: string;
  readonly values: object;
  /** A longer list takes minutes to compile. */
  readonly longest?: number;
}

const contestants: readonly Contestant[] = [
  { relaxation: "gumbel-sinkhorn", values: {} },
  { relaxation: "neuralsort", values: { relaxation: "neuralsort" } },
  { relaxation: "softsort", values: { relaxation: "softsort" } },
  { relaxation: "sinkhorn", values: { relaxation: "sinkhorn" } },
  { relaxation: "network, bitonic", values: { relaxation: "network" } },
  { relaxation: "network, odd-even", values: { relaxation: "network", network: "odd-even" }, longest: 32 },
];

export const relaxationNames = contestants.map(({ relaxation }) => relaxation);

/** Trains each relaxation on lists of each length, and yields each training's figures as it ends. */
export async function* compareSorters(comparison: SorterComparison): AsyncGenerator<SorterRun> {
  for (const { n, contestant } of pairs(comparison)) yield await runOf(contestant, n, comparison);
}

/** How many trainings that are. */
export function countSorters(comparison: SorterComparison): number {
  return pairs(comparison).length;
}

function pairs({ n: lengths }: SorterComparison): { n: number; contestant: Contestant }[] {
  return lengths.flatMap((n) =>
    contestants
      .filter(({ longest = Number.POSITIVE_INFINITY }) => n <= longest)
      .map((contestant) => ({ n, contestant })),
  );
}

async function runOf(
  { relaxation, values }: Contestant,
  n: number,
  { steps, batch, learningRate, seed }: SorterComparison,
): Promise<SorterRun> {
  const config = sorting.schema.parse({ ...values, n, epochs: 1, steps, batch, learningRate, seed });
  const events = sorting.run(config, { data: generated });
  const times: number[] = [];
  let megabytes = 0;
  for (;;) {
    const started = performance.now();
    let event: TrainingEvent | undefined;
    const next = async () => {
      event = (await events.next()).value ?? undefined;
    };
    // The first step compiles; the second is looked at, and not timed.
    if (times.length === 1 && megabytes === 0) megabytes = (await watchArrays().mostBytes(next)) / 1e6;
    else {
      await next();
      times.push(performance.now() - started);
    }
    if (event?.record === undefined) continue;
    const { wrongElements = Number.NaN, wrongLists = Number.NaN } = event.record;
    await events.return();
    // The last step ends with the measuring.
    return { n, relaxation, wrongElements, wrongLists, milliseconds: Math.min(...times.slice(1, -1)), megabytes };
  }
}
