import { jit, lax, numpy as np } from "@jax-js/jax";
import { logistic } from "../noise.ts";
import { indicator, onlyGradient, sigmoid } from "../numerics.ts";
import { bounded, costsOf, repeated, rows, sumFrom } from "./costs.ts";
import { checkSamples, type DisarmOptions } from "./options.ts";
import type { Task } from "./task.ts";

/**
 * DisARM, or U2G: draws in pairs of opposite noise, b and b'. The gradient by a logit l is
 *
 *     (cost(b) - cost(b')) (b - b') sigmoid(|l|) / 2
 *
 * Dong, Mnih, Tucker, "DisARM: An Antithetic Gradient Estimator for Binary Latent Variables", 2020; Yin et al. 2020.
 */
export function disarmEstimate(task: Task<DisarmOptions>): np.Array {
  const { where, key, logits, options } = task;
  const samples = checkSamples(where, options.samples, 2);
  if (samples % 2 !== 0)
    throw new RangeError(`${where}: samples must be even for "disarm", whose draws come in pairs, got ${samples}.`);
  const pairs = samples / 2;
  const many = repeated(bounded(logits), pairs);
  const { draws, opposite, slope } = pairKernel(key, lax.stopGradient(many.ref));
  const costs = costsOf(task, np.concatenate([draws, opposite]));
  const difference = lax.stopGradient(rows(costs.ref, 0, pairs).sub(rows(costs.ref, pairs, samples)));
  const change = sumFrom(costs.ndim, onlyGradient(many).mul(slope)).mul(difference);
  return costs.mean(0).add(change.mean(0));
}

/** Draws of opposite noise, and what the difference of their costs is multiplied by. */
const pairKernel = jit(function pair(key: np.Array, logits: np.Array) {
  const noise = logistic(key, logits.shape);
  const draws = indicator(logits.ref.add(noise.ref).greater(0));
  const opposite = indicator(logits.ref.sub(noise).greater(0));
  const slope = draws.ref
    .sub(opposite.ref)
    .mul(sigmoid(np.absolute(logits)))
    .mul(0.5);
  return { draws, opposite, slope };
});
