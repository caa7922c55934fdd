/**
 * Neural relational inference at the published settings: its simulator, and a training step beside the same step in
 * PyTorch.
 */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

const experiment = nodeContestant("experiment, 1 thread", "graphs-experiment", { threads: 1 }, 2);
const torch = torchContestant("PyTorch, 1 thread", "graphs", ["--threads", "1"], 2);

const COUNT = 500;
const simulator = nodeContestant("simulator", "graphs-simulator", { count: COUNT }, 1);

const matches: readonly Match[] = [
  {
    title: "10,000 simulations of five particles on springs, 49 frames",
    unit: "s",
    inUnit: (ms) => (ms * 10_000) / COUNT / 1000,
    contestants: [simulator],
    comparisons: [],
  },
  {
    title: "A training step of relational inference, 128 simulations of five particles, 256 units",
    unit: "ms a step",
    contestants: [experiment, torch],
    comparisons: [
      { name: "experiment to PyTorch, 1 thread", of: experiment.name, to: torch.name, target: { atMost: 2 } },
    ],
  },
];

export const graphsStep: Benchmark = {
  name: "graphs-step",
  summary: "relational inference: its simulator, and a training step beside PyTorch",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
