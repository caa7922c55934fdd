/**
 * Expectations over a discrete choice, with a gradient: one function, and every estimator behind it.
 *
 * An estimator is unbiased if its mean is the gradient of the exact expectation. Those that differentiate the cost as
 * a smooth function, of a value that is relaxed or stands for a relaxed one, are not; their variance is smaller.
 */

import type { numpy as np } from "@jax-js/jax";
import { checkLogits, kindOf } from "../checks.ts";
import type { AnyStructure, Structure } from "../structure.ts";
import { rebarEstimate, relaxEstimate } from "./control-variates.ts";
import type { Cost } from "./costs.ts";
import { disarmEstimate } from "./disarm.ts";
import { exactExpectation } from "./exact.ts";
import { imleEstimate } from "./maxima.ts";

export type { Cost } from "./costs.ts";
export { type FenchelYoungOptions, fenchelYoung } from "./fenchel-young.ts";
export { type HostCostOptions, scoreFunction, vimco } from "./host-costs.ts";
export type { Baseline, Estimator, ExpectationOptions } from "./options.ts";
export type { Prepared } from "./task.ts";

import {
  type AnyOptions,
  type ArraysOf,
  checkEstimator,
  checkTemperatures,
  type Estimator,
  type ExpectationOptions,
} from "./options.ts";
import { bindSecond, isPair } from "./pairs.ts";
import { prepare } from "./prepare.ts";
import {
  gappedEstimate,
  gumbelRaoEstimate,
  reinmaxEstimate,
  relaxedEstimate,
  simpleEstimate,
  straightThroughEstimate,
} from "./relaxations.ts";
import { perturbedEstimate, scoreFunctionEstimate } from "./score-function.ts";
import { type Prepared, type Task, taskKey } from "./task.ts";
import { unorderedSetEstimate } from "./unordered-set.ts";

const ESTIMATES: { readonly [E in Estimator]: (task: Task<Extract<AnyOptions, { estimator: E }>>) => np.Array } = {
  exact: exactExpectation,
  "score-function": scoreFunctionEstimate,
  "unordered-set": unorderedSetEstimate,
  simple: simpleEstimate,
  disarm: disarmEstimate,
  rebar: rebarEstimate,
  relax: relaxEstimate,
  relaxed: relaxedEstimate,
  "straight-through": straightThroughEstimate,
  "gumbel-rao": gumbelRaoEstimate,
  "gapped-straight-through": gappedEstimate,
  reinmax: reinmaxEstimate,
  imle: imleEstimate,
  perturbed: perturbedEstimate,
};

/**
 * The expectation of a cost over a choice, `E[cost(value)]` for values from `structure.sample(key, logits)`: an
 * estimate of its value, whose gradient by the logits is that of the chosen estimator, and by all else that the cost
 * is made of the ordinary one.
 *
 * The cost is called once, with as many values as the estimator needs along the first axis, `[samples, ...batch,
 * ...event]`, and returns a number for each of them, `[samples, ...]`, and for each of the leading batch axes that it
 * keeps apart. Over those that it does not keep, log-probabilities are summed: one cost for all choices of a picture,
 * one for each picture. It consumes the arrays that it captures, as if it were called by hand: keep with `.ref` what
 * is needed afterwards.
 *
 * It is the first derivative that is estimated. A second one is that of what is computed, in which costs that weigh
 * log-probabilities are numbers: an estimate of nothing, but with "exact", "relaxed", and for the variate of "relax".
 *
 * @param structure `bernoulli`, `categorical`, `subset.of(k)`, `conditionalBernoulli.of(k)`, `ranking`, `permutation`,
 *   `permutation.gibbs`, `spanningTree`, `arborescence`, `chain`, their `perturbed`, or one of your own
 * @param key PRNG key, consumed; for what is solved on the host what `prepareExpectation` gave
 * @param logits `[...batch, ...event]`, consumed; of a structure of two arrays, such as `chain`, both in a list
 * @param cost `(value) => costs`
 * @param options.estimator its name; further options depend on it
 * @returns the mean over the samples, of the shape of the batch axes that the cost keeps
 * @throws TypeError for an estimator that the structure has not what is needed for, and arguments of another type;
 *   RangeError for shapes and numbers that do not fit
 *
 * @example
 * const table = np.array([3, 1, 2]);
 * const loss = expectation(categorical, random.key(0), np.zeros([3]), (value) => np.dot(value, table), {
 *   estimator: "score-function",
 *   baseline: "leave-one-out",
 *   samples: 4,
 * });
 */
export function expectation<S extends AnyStructure>(
  structure: S,
  key: np.Array | Prepared,
  logits: ArraysOf<S>,
  cost: Cost,
  options: ExpectationOptions<S>,
): np.Array {
  const where = "expectation";
  const chosen = options as AnyOptions;
  if (!isPair(structure)) return estimate(where, structure, key, logits as np.Array, cost, chosen);
  const bound = bindSecond(where, structure, logits as readonly np.Array[]);
  const value = estimate(where, bound.structure, key, bound.logits, cost, chosen);
  bound.dispose();
  return value;
}

function estimate(
  where: string,
  structure: Structure,
  key: np.Array | Prepared,
  logits: np.Array,
  cost: Cost,
  chosen: AnyOptions,
): np.Array {
  checkEstimator(where, structure, chosen);
  checkLogits(where, logits, structure.eventAxes ?? 0);
  if (typeof cost !== "function")
    throw new TypeError(`${where}: cost must be a function of values, got ${kindOf(cost)}.`);
  checkTemperatures(where, structure, logits, chosen);
  const task = { where, structure, logits, cost, options: chosen, ...taskKey(where, key) };
  return (ESTIMATES[chosen.estimator] as (task: Task<AnyOptions>) => np.Array)(task);
}

/**
 * What `expectation` needs of a structure that is solved on the host, where no loss can be traced: exact draws, and
 * for "imle" the maxima that the gradient of the cost leads to. To be awaited outside of `jit` and `grad`, and given
 * to `expectation` in place of the key, with the same options; the arrays may go through `jit` as arguments.
 *
 * @param key PRNG key, consumed
 * @param logits `[...batch, ...event]`, consumed
 * @param options as those of `expectation`
 * @param cost for "imle" alone; it is called once
 * @throws TypeError for arguments of another type, and inside of `jit`; RangeError for numbers that do not fit
 *
 * @example
 * const options = { estimator: "straight-through", samples: 2 } as const;
 * const draws = await prepareExpectation(permutation, random.key(0), logits.ref, options);
 * const loss = (l: np.Array) => expectation(permutation, draws, l, cost, options);
 */
export function prepareExpectation<S extends Structure>(
  structure: S,
  key: np.Array,
  logits: np.Array,
  options: ExpectationOptions<S>,
  cost?: Cost,
): Promise<Prepared> {
  return prepare("prepareExpectation", structure, key, logits, options as AnyOptions, cost);
}
