/**
 * Estimators whose gradient is that of a smooth function in place of the draw. The cost sees the draw, and is to be
 * differentiable. They are biased, and their variance is small.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { checkCount, checkPositive } from "../checks.ts";
import { straightThrough } from "../estimators.ts";
import { finite, logarithm, onlyGradient } from "../numerics.ts";
import type { Structure } from "../structure.ts";
import { splitKey } from "./control-variates.ts";
import { bounded, costsOf, repeated } from "./costs.ts";
import { exactDraws } from "./draws.ts";
import {
  checkSamples,
  furtherOptions,
  type GappedOptions,
  type GumbelRaoOptions,
  type ReinmaxOptions,
  type RelaxedOptions,
  type SimpleOptions,
  type StraightThroughOptions,
} from "./options.ts";
import type { Task } from "./task.ts";

/** The mean cost of relaxed draws; with a temperature of its own backward, the value of one and the gradient of the other. */
export function relaxedEstimate(task: Task<RelaxedOptions>): np.Array {
  const { where, structure, key, logits, options } = task;
  const { temperature = 1, backwardTemperature } = options;
  const further = furtherOptions(options);
  const many = repeated(logits, checkSamples(where, options.samples));
  if (backwardTemperature === undefined) {
    return costsOf(task, structure.relax!(key, many, { ...further, temperature })).mean(0);
  }
  const value = structure.relax!(key.ref, lax.stopGradient(many.ref), { ...further, temperature });
  const soft = structure.relax!(key, many, { ...further, temperature: backwardTemperature });
  return costsOf(task, straightThrough(soft, value)).mean(0);
}

/** The exact draw, with the gradient of the relaxed one of the same noise. */
export function straightThroughEstimate(task: Task<StraightThroughOptions>): np.Array {
  const { where, structure, key, logits, options } = task;
  const { temperature = 1 } = options;
  const samples = checkSamples(where, options.samples);
  const soft = structure.relax!(key.ref, repeated(logits.ref, samples), { ...furtherOptions(options), temperature });
  return costsOf(task, straightThrough(soft, exactDraws(task, samples))).mean(0);
}

/** SIMPLE: the exact draw, with the gradient of the exact mean. */
export function simpleEstimate(task: Task<SimpleOptions>): np.Array {
  const { where, structure, logits, options } = task;
  const samples = checkSamples(where, options.samples);
  const draws = exactDraws({ ...task, logits: logits.ref }, samples);
  const mean = repeated(structure.marginals!(logits), samples);
  return costsOf(task, straightThrough(mean, draws)).mean(0);
}

/** Gumbel-Rao: the exact draw, with the mean gradient of relaxed draws whose exact draw it is. */
export function gumbelRaoEstimate(task: Task<GumbelRaoOptions>): np.Array {
  const { where, structure, key, logits, options } = task;
  const { temperature = 1, conditionalSamples = 10 } = options;
  const samples = checkSamples(where, options.samples);
  checkCount(where, "conditionalSamples", conditionalSamples, 1);
  const [first, second] = splitKey(key);
  const draws = exactDraws({ ...task, key: first, logits: logits.ref }, samples);
  const many = bounded(repeated(repeated(logits, samples), conditionalSamples));
  const keys = structure.perturbGiven!(second, repeated(draws.ref, conditionalSamples), lax.stopGradient(many.ref));
  // The noise is fixed: what moves with the logits are the keys, and not how the noise was drawn.
  const moving = lax.stopGradient(keys).add(onlyGradient(many));
  const soft = structure.softMode(moving, { ...furtherOptions(options), temperature });
  return costsOf(task, straightThrough(soft.mean(0), draws)).mean(0);
}

/**
 * The gapped straight-through estimator: the softmax of logits among which the drawn one is raised to the largest,
 * and the others are lowered until they are the gap below, by amounts without a gradient.
 */
export function gappedEstimate(task: Task<GappedOptions>): np.Array {
  const { where, structure, logits, options } = task;
  const { temperature = 1, gap = 1 } = options;
  if (gap !== 0) checkPositive(where, "gap", gap);
  const samples = checkSamples(where, options.samples);
  const draws = exactDraws({ ...task, logits: logits.ref }, samples);
  const many = finite(repeated(logits, samples));
  const fixed = lax.stopGradient(many.ref);
  const largest = np.max(fixed.ref, -1, { keepdims: true });
  const own = fixed.ref.mul(draws.ref).sum(-1, { keepdims: true });
  const raise = largest.ref.sub(own).mul(draws.ref);
  const excess = np.maximum(fixed.add(gap).sub(largest), 0);
  const lower = excess.mul(np.subtract(1, draws.ref));
  const soft = structure.softMode(many.add(raise).sub(lower), { temperature });
  return costsOf(task, straightThrough(soft, draws)).mean(0);
}

/**
 * ReinMax, of second order: with D the draw, `pi0 = softmax(logits)`, `pi1 = (D + softmax(logits / T)) / 2`, the
 * gradient of `2 softmax at pi1 - pi0 / 2`.
 */
export function reinmaxEstimate(task: Task<ReinmaxOptions>): np.Array {
  const { where, structure, logits, options } = task;
  const { temperature = 1 } = options;
  const samples = checkSamples(where, options.samples);
  const draws = exactDraws({ ...task, logits: logits.ref }, samples);
  const many = bounded(repeated(logits, samples));
  const ownMean = structure.marginals!(many.ref);
  const tempered = structure.softMode(lax.stopGradient(many.ref), { temperature });
  const middle = tempered.add(draws.ref).mul(0.5);
  const soft = meanAt(structure, middle, onlyGradient(many)).mul(2).sub(ownMean.mul(0.5));
  return costsOf(task, straightThrough(soft, draws)).mean(0);
}

/** The mean of a value, at the logits that have some mean, with a gradient by a change of them that is 0. */
function meanAt(structure: Structure, mean: np.Array, change: np.Array): np.Array {
  const ofOthers = structure.law === "bernoulli" ? logarithm(np.maximum(np.subtract(1, mean.ref), SMALLEST_MEAN)) : 0;
  const logits = logarithm(np.maximum(mean, SMALLEST_MEAN)).sub(ofOthers);
  return structure.marginals!(logits.add(change));
}

/** Its logarithm is finite. */
const SMALLEST_MEAN = 1e-20;
