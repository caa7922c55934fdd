/**
 * The verbs of subsets, as `subset` and `subset.of(k)` have them. Each is told the name of the function that was called
 * and the order of its arguments, for errors; it checks, and calls a kernel.
 */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkIndices, checkKey, checkLogits, checkSize } from "../checks.ts";
import { canBe, canTake } from "../lawful.ts";
import { gumbel } from "../noise.ts";
import { finite } from "../numerics.ts";
import {
  checkChoice,
  checkRelax,
  checkTemperature,
  RELAX,
  type RelaxOptions,
  TEMPERATURE,
  type TemperatureOptions,
} from "../options.ts";
import { type Kernels, kernelsOf } from "../structure.ts";
import { supportOf } from "../support.ts";
import { countSubsets, indicesOfSubsets } from "./enumeration.ts";
import { withLargestAt } from "./given.ts";
import { orderedLogProb, setLogProb as setLogProbOf } from "./likelihood.ts";
import { indicesOfLargestPerturbed } from "./perturbed.ts";
import { successive } from "./successive.ts";
import { threshold } from "./threshold.ts";
import { hotOfLargest } from "./top.ts";

const exact = { keys: finite, noise: gumbel, vertex: hotOfLargest, perturbTo: withLargestAt, canBe, isLawful: canTake };
const kernels: Record<Relaxation, Kernels<[k: number]>> = {
  threshold: kernelsOf({ ...exact, relaxation: threshold }),
  successive: kernelsOf({ ...exact, relaxation: successive }),
};

/**
 * How the k largest of n keys are relaxed, with T the temperature. Entries sum to k and tend to the k-hot vector of the
 * k largest keys as T falls.
 *
 * - `"threshold"`: `y_i = sigmoid((key_i - t) / T)`, t such that they sum to k: the entropic projection onto the
 *   polytope of the k-hot vectors (Amos, Koltun, Kolter 2019). Entries are between 0 and 1 and in the order of the
 *   keys. One that is far above the threshold is off by up to 2e-9 (n - k).
 * - `"successive"`: the sum of k softmaxes, each taking `log(1 - p) / T` off what the next one sees (Plötz, Roth 2018;
 *   Xie, Ermon 2019). Entries may be above 1, and out of the order of the keys. One that is 37 temperatures or more
 *   above the rest counts as taken whole. At low temperatures small differences of the keys make large ones of the
 *   gradient: values and gradients are those of keys over temperature that are known to their last digit (10 of 300
 *   keys: to 1.5e-3 of a row's largest gradient at temperature 0.1, to 2e-2 at 0.05, to 2e-6 at 0.5).
 */
export type Relaxation = "threshold" | "successive";

export interface SubsetOptions extends TemperatureOptions {
  /** "threshold", the default, or "successive": how the k largest keys are relaxed. */
  relaxation?: Relaxation | undefined;
}

export interface SubsetRelaxOptions extends RelaxOptions {
  /** "threshold", the default, or "successive": how the k largest keys are relaxed. */
  relaxation?: Relaxation | undefined;
}

const RELAXATIONS = Object.keys(kernels);
const SUBSET = [...TEMPERATURE, "relaxation"];
const SUBSET_RELAX = [...RELAX, "relaxation"];

export function logProb(where: string, indices: np.Array, logits: np.Array): np.Array {
  checkLogits(where, logits, 1);
  checkIndices(where, indices, logits);
  return logProbKernel(indices, logits);
}

export function mode(where: string, order: string, logits: np.Array, k: number): np.Array {
  checkSize(where, order, logits, k);
  return kernels.threshold.mode(logits, k);
}

export function perturbGiven(
  where: string,
  order: string,
  name: string,
  key: np.Array,
  value: np.Array,
  logits: np.Array,
  k: number,
): np.Array {
  checkKey(where, key);
  checkValue(where, order, name, value, logits, k);
  return kernels.threshold.perturbGiven(key, value, logits, k);
}

export function relax(
  where: string,
  order: string,
  key: np.Array,
  logits: np.Array,
  k: number,
  options: SubsetRelaxOptions,
): np.Array {
  checkKey(where, key);
  checkSize(where, order, logits, k);
  const settings = checkRelax(where, logits, 1, options, SUBSET_RELAX);
  return kernels[checkRelaxation(where, options)].relax(key, logits, ...settings, k);
}

export function relaxGiven(
  where: string,
  order: string,
  name: string,
  key: np.Array,
  value: np.Array,
  logits: np.Array,
  k: number,
  options: SubsetOptions,
): np.Array {
  checkKey(where, key);
  checkValue(where, order, name, value, logits, k);
  const temperature = checkTemperature(where, logits, 1, options, SUBSET);
  return kernels[checkRelaxation(where, options)].relaxGiven(key, value, logits, temperature, k);
}

export function sample(where: string, order: string, key: np.Array, logits: np.Array, k: number): np.Array {
  checkKey(where, key);
  checkSize(where, order, logits, k);
  return kernels.threshold.sample(key, logits, k);
}

export function sampleOrdered(where: string, order: string, key: np.Array, logits: np.Array, k: number): np.Array {
  checkKey(where, key);
  checkSize(where, order, logits, k);
  return sampleOrderedKernel(key, lax.stopGradient(logits), k);
}

export function setLogProb(
  where: string,
  order: string,
  name: string,
  khot: np.Array,
  logits: np.Array,
  k: number,
): np.Array {
  checkValue(where, order, name, khot, logits, k);
  return setLogProbKernel(lax.stopGradient(khot), logits, k);
}

export function softMode(where: string, order: string, logits: np.Array, k: number, options: SubsetOptions): np.Array {
  checkSize(where, order, logits, k);
  const temperature = checkTemperature(where, logits, 1, options, SUBSET);
  return kernels[checkRelaxation(where, options)].softMode(logits, temperature, k);
}

export function support(where: string, order: string, logits: np.Array, k: number): np.Array {
  checkSize(where, order, logits, k);
  const n = logits.shape.at(-1)!;
  return supportOf(where, logits, [n], { count: countSubsets(n, k), ones: () => indicesOfSubsets(n, k) });
}

// Gradients that end are stopped before these kernels, as in structure.ts.
// Upstream: a gradient that enters a jitted function and ends there leaks arrays.
const logProbKernel = jit(orderedLogProb);

const sampleOrderedKernel = jit(
  function sampleOrdered(key: np.Array, logits: np.Array, k: number) {
    const indices = indicesOfLargestPerturbed(key, logits.ref, k);
    return np.where(canTake(logits, k), indices, np.array(-1, { dtype: np.int32, device: logits.device }));
  },
  { staticArgnums: [2] },
);

const setLogProbKernel = jit(setLogProbOf, { staticArgnums: [2] });

function checkValue(where: string, order: string, name: string, value: np.Array, logits: np.Array, k: number): void {
  checkSize(where, order, logits, k);
  checkFloat(where, name, value, 1);
  checkBroadcast(where, name, value, logits, 1);
}

function checkRelaxation(where: string, { relaxation = "threshold" }: SubsetOptions | SubsetRelaxOptions): Relaxation {
  checkChoice(where, "relaxation", relaxation, RELAXATIONS);
  return relaxation;
}
