/** The score function: the gradient of log-probabilities, weighed by costs. Unbiased, for costs of any kind. */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { isArray } from "../checks.ts";
import { keepNaN } from "../lawful.ts";
import { checkChoice } from "../options.ts";
import { onlyGradient } from "../numerics.ts";
import { bounded, checkFitsCosts, costsOf, repeated, rows, weighed } from "./costs.ts";
import { exactDraws, maximum, scoreOfNoise } from "./draws.ts";
import {
  type Baseline,
  checkNumberOrArray,
  checkSamples,
  type PerturbedOptions,
  type ScoreFunctionOptions,
} from "./options.ts";
import type { Task } from "./task.ts";

/** `mean_s cost_s + stop(cost_s - baseline) (log p(value_s) - its value)`. */
export function scoreFunctionEstimate(task: Task<ScoreFunctionOptions>): np.Array {
  const { where, structure, logits, options } = task;
  const { baseline = "none" } = options;
  checkBaseline(where, baseline, ["none", "leave-one-out", "greedy"]);
  const samples = checkSamples(where, options.samples, leastFor(baseline));
  const draws = exactDraws({ ...task, logits: logits.ref }, samples);
  const change = (costs: np.Array, weight: np.Array) =>
    weighed(costs, weight, onlyGradient(structure.logProb!(draws, logits)));
  if (baseline !== "greedy") {
    const costs = costsOf(task, draws.ref);
    return change(costs.ref, aboveBaseline(where, costs, baseline));
  }
  const greedy = np.expandDims(maximum(where, structure, logits.ref), 0);
  const costs = costsOf(task, np.concatenate([draws.ref, greedy]));
  const ofDraws = rows(costs.ref, 0, samples);
  return change(ofDraws.ref, lax.stopGradient(ofDraws.sub(rows(costs, samples, samples + 1))));
}

/** `mean_s cost_s + stop(cost_s - baseline) <score(noise_s), logits - their value>`. */
export function perturbedEstimate(task: Task<PerturbedOptions>): np.Array {
  const { where, structure, key, logits, options } = task;
  const { baseline = "none" } = options;
  checkBaseline(where, baseline, ["none", "leave-one-out"]);
  const samples = checkSamples(where, options.samples, leastFor(baseline));
  const many = repeated(bounded(logits.ref), samples);
  const score = scoreOfNoise(structure, key.ref, many.shape);
  const draws = exactDraws(task, samples);
  const lawful = lawfulKernel(draws.ref, score);
  const costs = costsOf(task, draws);
  return weighed(costs.ref, aboveBaseline(where, costs, baseline), onlyGradient(many).mul(lawful));
}

/** The score of the noise is a number also where the logits have no law; there the draws are NaN. */
const lawfulKernel = jit(function lawful(draws: np.Array, score: np.Array) {
  // An order is a matrix, and NaN all of it where it is NaN.
  return keepNaN(draws.ndim > score.ndim ? draws.sum(-2) : draws, score);
});

/** Costs less a baseline that is not computed from the same draw, without gradients. */
export function aboveBaseline(where: string, costs: np.Array, baseline: Exclude<Baseline, "greedy">): np.Array {
  if (typeof baseline !== "string") checkFitsCosts(where, "baseline", baseline, costs);
  const fixed = lax.stopGradient(costs);
  if (baseline === "none") return fixed;
  if (baseline !== "leave-one-out") return fixed.sub(isArray(baseline) ? lax.stopGradient(baseline) : baseline);
  const samples = fixed.shape[0]!;
  // Less the mean of the others: c - (sum - c) / (S - 1).
  return fixed.ref.sub(fixed.mean(0)).mul(samples / (samples - 1));
}

export function checkBaseline(where: string, baseline: Baseline, names: readonly string[]): void {
  if (typeof baseline === "string") checkChoice(where, "baseline", baseline, names);
  else checkNumberOrArray(where, "baseline", baseline);
}

/** How many samples a baseline needs, at least: the number of them, where none is given. */
export function leastFor(baseline: Baseline): number {
  return baseline === "leave-one-out" ? 2 : 1;
}
