/** A training step of the jigsaw at the tutorial's settings, beside the same step in PyTorch. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measure } from "../pairs.ts";

const experiment = nodeContestant("experiment, 1 thread", "jigsaw-experiment", { threads: 1 }, 10);
const torch = torchContestant("PyTorch, 1 thread", "jigsaw", ["--threads", "1"], 10);

const match: Match = {
  title: "A training step of the jigsaw, 64 pictures of 2 x 2 pieces",
  unit: "ms a step",
  contestants: [experiment, torch],
  comparisons: [
    { name: "experiment to PyTorch, 1 thread", of: experiment.name, to: torch.name, target: { atMost: 3 } },
  ],
};

export const jigsawStep: Benchmark = {
  name: "jigsaw-step",
  summary: "a training step of the jigsaw beside PyTorch",
  contestants: match.contestants,
  run: async (settings) => [await measure(match, settings)],
};
