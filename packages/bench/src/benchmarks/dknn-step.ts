/** A training step of the nearest-neighbour classifier at the tutorial's settings, beside the same step in PyTorch. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measure } from "../pairs.ts";

const experiment = nodeContestant("experiment", "dknn-experiment", { threads: 1 }, 5);
const tutorial = torchContestant("PyTorch, distances as in the tutorial", "dknn", ["--distances", "differences"], 5);
const torch = torchContestant("PyTorch, distances as here", "dknn", ["--distances", "products"], 5);

const match: Match = {
  title: "A training step of the nearest-neighbour classifier, 100 queries and 100 candidates, 1 thread",
  unit: "ms a step",
  contestants: [experiment, tutorial, torch],
  comparisons: [
    { name: "experiment to the tutorial's in PyTorch", of: experiment.name, to: tutorial.name, target: { atMost: 3 } },
    { name: "experiment to the same in PyTorch", of: experiment.name, to: torch.name },
  ],
};

export const dknnStep: Benchmark = {
  name: "dknn-step",
  summary: "a training step of the nearest-neighbour classifier beside PyTorch",
  contestants: match.contestants,
  run: async (settings) => [await measure(match, settings)],
};
