/**
 * Subsets: k of n, as a k-hot vector. Logits have shape `[..., n]`; k is a whole number from 1 to n, fixed when a
 * function is compiled.
 *
 * `sample` draws without replacement, exactly: one after the other, each with probability proportional to `exp(logit)`
 * among what is left. That is the set of the k largest perturbed logits (Gumbel top-k; Vieira 2014, Kool et al. 2019),
 * and in descending order it is the order of the draw (Plackett 1975, Luce 1959). It is not the conditional Poisson
 * law, whose sets have probabilities proportional to the product of their weights.
 *
 * `relax` replaces those k largest by one of two relaxations of them; see there.
 *
 * A logit of -Infinity is an impossible entry: it is never taken and its gradient is zero. A row with fewer than k
 * possible entries has no law, and its results mean nothing.
 */

import { jit, lax } from "@jax-js/jax";
import {
  type Array,
  checkBroadcast,
  checkFloat,
  checkIndices,
  checkKey,
  checkLogits,
  checkSize,
  checkTemperature,
  type RelaxOptions,
  type Temperature,
  type TemperatureOptions,
} from "./checks.ts";
import { straightThrough } from "./estimators.ts";
import { perturb } from "./noise.ts";
import { finite } from "./numerics.ts";
import { orderedLogProb, setLogProb as setLogProbOf } from "./subset/likelihood.ts";
import { indicesOfLargestPerturbed } from "./subset/perturbed.ts";
import { successive } from "./subset/successive.ts";
import { threshold } from "./subset/threshold.ts";
import { hotOfLargest } from "./subset/top.ts";

export { type ReservoirOptions, reservoir } from "./subset/reservoir.ts";

const relaxations = { threshold, successive };

/**
 * How the k largest of n keys are relaxed, with T the temperature. Entries sum to k and tend to the k-hot vector of the
 * k largest keys as T falls.
 *
 * - `"threshold"`: `y_i = sigmoid((key_i - t) / T)`, t such that they sum to k: the entropic projection onto the
 *   polytope of the k-hot vectors (Amos, Koltun, Kolter 2019). Entries are between 0 and 1 and in the order of the keys.
 * - `"successive"`: the sum of k softmaxes, each taking `log(1 - p) / T` off what the next one sees (Plötz, Roth 2018;
 *   Xie, Ermon 2019). Entries may be above 1, and out of the order of the keys.
 */
export type Relaxation = keyof typeof relaxations;

export interface RelaxationOptions {
  /** Default "threshold". */
  relaxation?: Relaxation;
}

/**
 * The log-probability of a draw in its order (Plackett-Luce), shape `[...]`:
 *
 *     sum_j (l_{i_j} - logsumexp of the logits but those of i_1, ..., i_{j-1})
 *
 * -Infinity for an impossible entry, one drawn twice, or an index that is not from 0 to n - 1.
 *
 * @param indices int32 `[..., k]`, as `sampleOrdered` returns them, consumed
 * @param logits `[..., n]`, consumed
 *
 * Luce, "Individual Choice Behavior", 1959; Plackett, "The Analysis of Permutations", 1975.
 */
export function logProb(indices: Array, logits: Array): Array {
  checkLogits("subset.logProb", logits, 1);
  checkIndices("subset.logProb", indices, logits);
  return logProbKernel(indices, logits);
}

/**
 * The k largest logits, the most probable draw, as a k-hot vector `[..., n]`; the first of equals. No gradient.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 */
export function mode(logits: Array, k: number): Array {
  checkSubset("subset.mode", logits, k);
  // Stopped out here: a gradient that enters a jitted function and ends there leaks arrays of the engine.
  return modeKernel(lax.stopGradient(logits), k);
}

/**
 * A relaxed draw: entries that sum to k, shape `[..., n]`, by either relaxation of the k largest of `logits + G`.
 *
 * As the temperature falls, it tends to the k-hot vector that `sample` returns for the same key. With `hard`, the value
 * is that vector exactly, taken from the perturbed logits, and the gradient is that of the relaxation
 * (straight-through).
 *
 * The gradient of the threshold relaxation is that of the solution, by the implicit function theorem. There is no
 * second derivative.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n; for n, a vector of ones
 * @param options.temperature positive number or scalar array, default 1
 * @param options.hard default false
 * @param options.relaxation "threshold" (default) or "successive"
 * @throws RangeError for a k that is not from 1 to n, for a temperature that is not positive, and for a relaxation of
 *   another name; TypeError for a key that is none
 *
 * Amos, Koltun, Kolter, "The Limited Multi-Label Projection Layer", 2019; Plötz, Roth, "Neural Nearest Neighbors
 * Networks", 2018; Xie, Ermon, "Reparameterizable Subset Sampling via Continuous Relaxations", 2019.
 *
 * @example
 * const choice = subset.relax(random.key(0), np.array([0, 1, 2, 3]), 2, { temperature: 0.5 });
 */
export function relax(key: Array, logits: Array, k: number, options: RelaxOptions & RelaxationOptions = {}): Array {
  checkKey("subset.relax", key);
  checkSubset("subset.relax", logits, k);
  const temperature = checkTemperature("subset.relax", options);
  const relaxation = checkRelaxation("subset.relax", options);
  const kernel = options.hard ? relaxHardKernel : relaxKernel;
  return kernel(key, ...entering(logits, temperature, k, relaxation), k, relaxation);
}

/**
 * An exact draw as a k-hot vector `[..., n]`: the k largest of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 *
 * Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them", 2019.
 *
 * @example
 * const draw = subset.sample(random.key(0), np.array([0, 1, 2, 3]), 2);
 */
export function sample(key: Array, logits: Array, k: number): Array {
  checkKey("subset.sample", key);
  checkSubset("subset.sample", logits, k);
  return sampleKernel(key, lax.stopGradient(logits), k);
}

/**
 * An exact draw as indices in the order drawn, int32 `[..., k]`: the entries that `sample` takes for the same key, the
 * largest of `logits + G` first. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 */
export function sampleOrdered(key: Array, logits: Array, k: number): Array {
  checkKey("subset.sampleOrdered", key);
  checkSubset("subset.sampleOrdered", logits, k);
  return sampleOrderedKernel(key, lax.stopGradient(logits), k);
}

/**
 * The log-probability that `sample` returns a k-hot vector, shape `[...]`: the sum over all orders, computed as an
 * integral over the k-th largest key, to about 1e-6. -Infinity for a vector without exactly k ones, or with an
 * impossible entry. The gradient is by the logits.
 *
 * @param khot k-hot vectors `[..., n]`, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 *
 * Kool, van Hoof, Welling, "Estimating Gradients for Discrete Random Variables by Sampling without Replacement", 2020.
 */
export function setLogProb(khot: Array, logits: Array, k: number): Array {
  checkSubset("subset.setLogProb", logits, k);
  checkFloat("subset.setLogProb", "khot", khot);
  checkBroadcast("subset.setLogProb", "khot", khot, logits, 1);
  return setLogProbKernel(lax.stopGradient(khot), logits, k);
}

/**
 * The relaxation without noise: entries that sum to k, `[..., n]`, by either relaxation of the k largest logits.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @param options.temperature positive number or scalar array, default 1
 * @param options.relaxation "threshold" (default) or "successive"
 */
export function softMode(logits: Array, k: number, options: TemperatureOptions & RelaxationOptions = {}): Array {
  checkSubset("subset.softMode", logits, k);
  const temperature = checkTemperature("subset.softMode", options);
  const relaxation = checkRelaxation("subset.softMode", options);
  return softModeKernel(...entering(logits, temperature, k, relaxation), k, relaxation);
}

const logProbKernel = jit(function logProb(indices: Array, logits: Array) {
  return orderedLogProb(indices, logits);
});

const modeKernel = jit(
  function mode(logits: Array, k: number) {
    return hotOfLargest(finite(logits), k);
  },
  { staticArgnums: [1] },
);

const relaxKernel = jit(
  function relax(key: Array, logits: Array, temperature: Array, k: number, relaxation: Relaxation) {
    return relaxations[relaxation](perturb(key, finite(logits)), temperature, k);
  },
  { staticArgnums: [3, 4] },
);

const relaxHardKernel = jit(
  function relaxHard(key: Array, logits: Array, temperature: Array, k: number, relaxation: Relaxation) {
    const keys = perturb(key, finite(logits));
    const hard = hotOfLargest(lax.stopGradient(keys.ref), k);
    return straightThrough(relaxations[relaxation](keys, temperature, k), hard);
  },
  { staticArgnums: [3, 4] },
);

const sampleKernel = jit(
  function sample(key: Array, logits: Array, k: number) {
    return hotOfLargest(perturb(key, finite(logits)), k);
  },
  { staticArgnums: [2] },
);

const sampleOrderedKernel = jit(
  function sampleOrdered(key: Array, logits: Array, k: number) {
    return indicesOfLargestPerturbed(key, logits, k);
  },
  { staticArgnums: [2] },
);

const setLogProbKernel = jit(
  function setLogProb(khot: Array, logits: Array, k: number) {
    return setLogProbOf(khot, logits, k);
  },
  { staticArgnums: [2] },
);

const softModeKernel = jit(
  function softMode(logits: Array, temperature: Array, k: number, relaxation: Relaxation) {
    return relaxations[relaxation](finite(logits), temperature, k);
  },
  { staticArgnums: [2, 3] },
);

/** What a kernel of relaxations is given. All of n are ones, whatever these are: no gradient may enter there. */
function entering(
  logits: Array,
  temperature: Temperature,
  k: number,
  relaxation: Relaxation,
): [logits: Array, temperature: Temperature] {
  const isConstant = relaxation === "threshold" && k === logits.shape.at(-1);
  return isConstant ? [lax.stopGradient(logits), lax.stopGradient(temperature)] : [logits, temperature];
}

function checkSubset(where: string, logits: Array, k: number): void {
  checkLogits(where, logits, 1);
  checkSize(where, k, logits);
}

function checkRelaxation(where: string, { relaxation = "threshold" }: RelaxationOptions): Relaxation {
  if (Object.hasOwn(relaxations, relaxation)) return relaxation;
  throw new RangeError(`${where}: relaxation must be "threshold" or "successive", got ${JSON.stringify(relaxation)}.`);
}
