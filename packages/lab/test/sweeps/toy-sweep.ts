/** Sweeps of toys. */

import type { Experiment } from "../../src/experiments/experiment.ts";
import { type SweepDefinition, type Trial, trialsOf } from "../../src/sweeps/sweep.ts";
import { toy } from "./toy.ts";

// Asks for a configuration of any experiment; this is the toy's own.
export const toys = [toy as unknown as Experiment];

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
    ...{ experiment: "toy", version: "1", created: "2026-01-31T00:00:00.000Z", command: "", folds: 0, seeds },
    parameters: [{ name: "temperature", values: [...temperatures] }],
    config: { seed: 1, ...config },
    ...(halving && { halving }),
  };
  const combinations = temperatures.map((temperature) => ({ temperature }));
  return { definition, trials: trialsOf(definition, combinations, toys[0]!) };
}
