/** A training step of the explained sequences, at the original's widths and at the defaults, beside PyTorch. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measure } from "../pairs.ts";

const original = nodeContestant("the original's widths", "explain-experiment", { threads: 1, preset: "original" }, 20);
const usual = nodeContestant("the default", "explain-experiment", { threads: 1 }, 20);
const torch = torchContestant("PyTorch, the original's widths", "l2x", ["--threads", "1"], 20);

const match: Match = {
  title: "A training step of the explained sequences, 128 sequences of 9 tokens, 1 thread",
  unit: "ms a step",
  contestants: [original, usual, torch],
  comparisons: [
    { name: "same widths to PyTorch", of: original.name, to: torch.name, target: { atMost: 1.3 } },
    { name: "the default to PyTorch", of: usual.name, to: torch.name, target: { atMost: 1 } },
  ],
};

export const explainStep: Benchmark = {
  name: "explain-step",
  summary: "a training step of the explained sequences beside PyTorch",
  contestants: match.contestants,
  run: async (settings) => [await measure(match, settings)],
};
