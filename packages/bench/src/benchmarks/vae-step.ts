/** A training step of the categorical VAE at the tutorial's settings, beside the same step elsewhere. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measure } from "../pairs.ts";

const experiment = nodeContestant("experiment, 1 thread", "vae-experiment", { threads: 1 }, 20);
const bare = nodeContestant("bare loop on the engine, 1 thread", "vae-bare", { threads: 1 }, 20);
const experiment2 = nodeContestant("experiment, 2 threads", "vae-experiment", { threads: 2 }, 20);
const tensorflow = nodeContestant("TensorFlow.js, wasm with SIMD", "vae-tensorflow", {}, 5);
const torch = torchContestant("PyTorch, 1 thread", "vae", ["--threads", "1"], 20);
const torch2 = torchContestant("PyTorch, 2 threads", "vae", ["--threads", "2"], 20);

const match: Match = {
  title: "A training step of the categorical VAE, batch 100",
  unit: "ms a step",
  contestants: [experiment, bare, experiment2, tensorflow, torch, torch2],
  comparisons: [
    { name: "experiment to bare loop", of: experiment.name, to: bare.name, target: { atMost: 1.05 } },
    { name: "experiment, 1 thread to 2", of: experiment.name, to: experiment2.name, target: { atLeast: 1.5 } },
    { name: "TensorFlow.js to experiment", of: tensorflow.name, to: experiment.name, target: { atLeast: 4 } },
    { name: "experiment to PyTorch, 1 thread", of: experiment.name, to: torch.name },
    { name: "experiment to PyTorch, 2 threads", of: experiment2.name, to: torch2.name },
  ],
};

export const vaeStep: Benchmark = {
  name: "vae-step",
  summary: "a training step of the VAE beside a bare loop, TensorFlow.js and PyTorch",
  contestants: match.contestants,
  run: async (settings) => [await measure(match, settings)],
};
