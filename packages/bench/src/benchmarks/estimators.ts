/**
 * What the estimators of a gradient cost: a training step of the VAE by each, beside its own arithmetic in PyTorch; straight-through
 * beside the same by hand; and the memory of many samples.
 */

import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { nodeContestant, startContestant, torchContestant } from "../contestant.ts";
import { isAskedFor, type Match, measure, measureAll } from "../pairs.ts";

const STEPS = 20;

/** As `train vae` has them: those that have more than one decoded image a step need more. */
const ESTIMATORS: Readonly<Record<string, object>> = {
  relaxed: {},
  "straight-through": {},
  simple: {},
  "gumbel-rao": { temperature: 0.7 },
  "gapped-straight-through": { temperature: 0.7 },
  reinmax: { temperature: 1.3 },
  "score-function": { samples: 4, baseline: "leave-one-out" },
  rebar: { temperature: 0.5 },
  imle: {},
  perturbed: { samples: 4, baseline: "leave-one-out" },
};

const matches = Object.entries(ESTIMATORS).map(([estimator, options]): Match => {
  const ours = nodeContestant(`Softdraw, ${estimator}`, "vae-estimator", { threads: 1, estimator, ...options }, STEPS);
  const args = Object.entries({ estimator, threads: 1 }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const torch = torchContestant(`PyTorch, ${estimator}`, "estimators", args, STEPS);
  return {
    title: `A training step of the VAE by ${estimator}, batch 100, 1 thread`,
    unit: "ms a step",
    contestants: [ours, torch],
    comparisons: [{ name: `${estimator}, Softdraw to PyTorch`, of: ours.name, to: torch.name }],
  };
});

const byExpectation = nodeContestant("expectation", "vae-choices", { threads: 1, byHand: false }, STEPS);
const byHand = nodeContestant("by hand", "vae-choices", { threads: 1, byHand: true }, STEPS);
const overhead: Match = {
  title: "A training step of the VAE, straight-through by expectation and by hand, 1 thread",
  unit: "ms a step",
  contestants: [byExpectation, byHand],
  comparisons: [{ name: "expectation to by hand", of: byExpectation.name, to: byHand.name, target: { atMost: 1.03 } }],
};

const SAMPLES = [1, 4, 16, 64];

const withSamples = SAMPLES.map((samples) =>
  nodeContestant(
    `score function, ${samples} ${samples === 1 ? "sample" : "samples"}`,
    "vae-estimator",
    { threads: 1, watch: true, estimator: "score-function", samples },
    3,
  ),
);

const MEMORY = "Memory of a training step of the VAE by the score function";

/** One run of each, whatever the rounds: it is a question of its end. */
async function memoryOfSamples({ onProgress }: Settings): Promise<Findings> {
  const taken: number[] = [];
  for (const contestant of withSamples) {
    onProgress(contestant.name);
    const running = startContestant(contestant);
    const { memory } = await running.ask(contestant.amount).finally(running.stop);
    taken.push(memory!.at(-1)!.wasm);
  }
  const [one, ...more] = taken as [number, ...number[]];
  const largest = SAMPLES.at(-1)!;
  const each = (more.at(-1)! - one) / (largest - 1);
  return {
    title: MEMORY,
    unit: "MB",
    measurements: withSamples.map(({ name }, i) => ({ name, samples: [taken[i]!] })),
    comparisons: [],
    notes: [
      `The engine's memory: ${each.toFixed(2)} MB for each further sample, from 1 to ${largest}.`,
      `A straight line from the first to the last is at ${SAMPLES.slice(1, -1)
        .map((samples) => `${(one + each * (samples - 1)).toFixed(0)} MB for ${samples}`)
        .join(", ")}.`,
    ],
  };
}

export const estimators: Benchmark = {
  name: "estimators",
  summary: "a training step of the VAE by each estimator beside PyTorch's, and the memory of samples",
  contestants: [...matches, overhead].flatMap(({ contestants }) => contestants).concat(withSamples),
  run: async (settings) => [
    ...(isAskedFor(overhead.title, settings) ? [await measure(overhead, settings)] : []),
    ...(await measureAll(matches, settings)),
    ...(isAskedFor(MEMORY, settings) ? [await memoryOfSamples(settings)] : []),
  ],
};
