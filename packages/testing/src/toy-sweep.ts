/** Sweeps of toys. */

import type { Experiment } from "@softdraw/experiments/experiment";
import { type SweepDefinition, type Trial, trialsOf } from "@softdraw/lab/sweeps/sweep";
import { toy } from "./toy.ts";

export const toys: readonly Experiment[] = [toy];

/** A program that trains toys from a queue; it takes `WorkerOptions` as JSON. */
export const QUEUE_WORKER = new URL("./queue-worker.ts", import.meta.url);

/** A process of a pool that knows the toy only. */
export const TOY_WORKER = new URL("./toy-worker.js", import.meta.url);

export interface ToySweep {
  /** Trials of a combination, which differ by their seed. */
  readonly seeds?: number;
  readonly config?: object;
  /** A combination each. */
  readonly temperatures?: readonly number[];
  readonly halving?: { readonly reduction: number; readonly firstEpochs: number };
}

export function toyTrials({ seeds = 1, config = {}, temperatures = [1], halving }: ToySweep): {
  definition: SweepDefinition;
  trials: Trial[];
} {
  const definition: SweepDefinition = {
    experiment: "toy",
    version: "1",
    created: "2026-01-31T00:00:00.000Z",
    command: "",
    folds: 0,
    seeds,
    parameters: [{ name: "temperature", values: [...temperatures] }],
    config: { seed: 1, ...config },
    ...(halving && { halving }),
  };
  const combinations = temperatures.map((temperature) => ({ temperature }));
  return { definition, trials: trialsOf(definition, combinations, toys[0]!) };
}
