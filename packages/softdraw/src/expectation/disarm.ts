import { lax, numpy as np } from "@jax-js/jax";
import { logistic } from "../noise.ts";
import { indicator, sigmoid } from "../numerics.ts";
import { bounded, costsOf, onlyGradient, repeated, rows, sumFrom } from "./costs.ts";
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
  const noise = logistic(key, many.shape);
  const fixed = lax.stopGradient(many.ref);
  const draws = indicator(fixed.ref.add(noise.ref).greater(0));
  const opposite = indicator(fixed.ref.sub(noise).greater(0));
  const costs = costsOf(task, np.concatenate([draws.ref, opposite.ref]));
  const difference = lax.stopGradient(rows(costs.ref, 0, pairs).sub(rows(costs.ref, pairs, samples)));
  const slope = draws
    .sub(opposite)
    .mul(sigmoid(np.absolute(fixed)))
    .mul(0.5);
  const axes = costs.ndim;
  const change = sumFrom(axes, onlyGradient(many).mul(slope)).mul(difference);
  return costs.mean(0).add(change.mean(0));
}
