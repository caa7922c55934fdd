/** Losses made of log-probabilities and of numbers that came from outside. */

import { lax, numpy as np } from "@jax-js/jax";
import { checkFloat, checkSameShape, describe } from "../checks.ts";
import { logSumExp, onlyGradient } from "../numerics.ts";
import { checkOptions } from "../options.ts";
import { checkCosts, sumFrom } from "./costs.ts";
import type { Baseline } from "./options.ts";
import { aboveBaseline, checkBaseline } from "./score-function.ts";

export interface HostCostOptions {
  /** What is taken off the costs: default "none". */
  baseline?: Exclude<Baseline, "greedy"> | undefined;
}

/**
 * A loss for costs that were computed outside of the engine, after the draws: a reward, the run of a test, a person's
 * answer. Its value is the mean of the costs, and its gradient the score function's estimate of the gradient of their
 * expectation:
 *
 *     mean_s stop(cost_s - baseline) grad logProb_s
 *
 * @param logProb of the draws, `[samples, ...batch]`, with the gradient by what they were drawn from; consumed
 * @param costs `[samples, ...]`, with the leading batch axes that they tell apart: log-probabilities are summed over
 *   the others; consumed
 * @param options.baseline "none" (the default), "leave-one-out" (from two samples), or a number or an array, such as
 *   a moving average
 * @returns the mean over the samples, shape of the costs without their first axis
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning", 1992.
 *
 * @example
 * const draws = categorical.sample(key, np.broadcastTo(logits.ref, [8, 3]));
 * const costs = np.array(await rewardsOf(await draws.ref.jsAsync()));
 * const loss = (l: np.Array) => scoreFunction(categorical.logProb(draws, l), costs, { baseline: "leave-one-out" });
 */
export function scoreFunction(logProb: np.Array, costs: np.Array, options: HostCostOptions = {}): np.Array {
  const where = "scoreFunction";
  checkOptions(where, options, ["baseline"], '{ baseline: "leave-one-out" }');
  const { baseline = "none" } = options;
  checkFloat(where, "logProb", logProb);
  checkCosts(where, "costs", costs, logProb.shape);
  checkBaseline(where, baseline, ["none", "leave-one-out"]);
  if (baseline === "leave-one-out" && costs.shape[0]! < 2) {
    throw new RangeError(`${where}: "leave-one-out" needs two samples or more, got costs ${describe(costs)}.`);
  }
  const fixed = lax.stopGradient(costs);
  const change = sumFrom(fixed.ndim, onlyGradient(logProb));
  return fixed.ref.add(aboveBaseline(where, fixed, baseline).mul(change)).mean(0);
}

/**
 * The importance-weighted bound `log mean_s exp(logWeights_s)`, shape `[...]`, with the gradient of VIMCO: each draw's
 * log-probability is weighed by what the draw adds to the bound, over its value with the draw's log-weight replaced
 * by the mean of the others'.
 *
 *     grad bound = sum_s (bound - bound without s) grad logProb_s + the ordinary gradient by way of logWeights
 *
 * @param logWeights `log p(x, z_s) - log q(z_s)`, `[samples, ...]`, from two samples on; consumed
 * @param logProb `log q(z_s)`, the same shape; consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Mnih, Rezende, "Variational Inference for Monte Carlo Objectives", 2016.
 */
export function vimco(logWeights: np.Array, logProb: np.Array): np.Array {
  const where = "vimco";
  checkFloat(where, "logWeights", logWeights);
  checkFloat(where, "logProb", logProb);
  checkSameShape(where, "logProb", logProb, "logWeights", logWeights);
  const samples = logWeights.ndim === 0 ? 0 : logWeights.shape[0]!;
  if (samples < 2)
    throw new RangeError(
      `${where}: logWeights must have two samples or more along the first axis, got ${describe(logWeights)}.`,
    );
  const bound = boundOf(logWeights.ref);
  const fixed = lax.stopGradient(logWeights);
  // By row the draw that is replaced, by column the draw: [samples, samples, ...].
  const isReplaced = np
    .eye(samples)
    .reshape([samples, samples, ...fixed.shape.slice(1).map(() => 1)])
    .greater(0);
  // The others are added up without the one: its weight can be -Infinity, or far larger than theirs.
  const all = np.expandDims(fixed, 0);
  const othersMean = np
    .where(isReplaced.ref, 0, all.ref)
    .sum(1)
    .div(samples - 1);
  const replaced = np.where(isReplaced, np.expandDims(othersMean, 1), all);
  const without = boundOf(np.moveaxis(replaced, 1, 0));
  const learned = lax.stopGradient(bound.ref).sub(without);
  return bound.add(learned.mul(onlyGradient(logProb)).sum(0));
}

/** log mean exp over the first axis. */
function boundOf(logWeights: np.Array): np.Array {
  const samples = logWeights.shape[0]!;
  return logSumExp(np.moveaxis(logWeights, 0, -1)).sub(Math.log(samples));
}
