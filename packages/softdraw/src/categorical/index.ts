/**
 * Categorical choices: one of n, as a one-hot vector. Logits have shape `[..., n]`.
 *
 * `sample` draws from the law `p = softmax(logits)`, exactly: the largest of n perturbed logits is category i with
 * probability `p_i` (Gumbel 1954; Maddison et al. 2014). `relax` replaces that argmax by a softmax at a temperature:
 * the Concrete, or Gumbel-softmax, distribution (Maddison, Mnih, Teh 2017; Jang, Gu, Poole 2017).
 *
 * A logit of -Infinity, or below -1e30, is an impossible category: it is never taken and its gradient is zero. A row
 * without any possible category, or with a logit of NaN or Infinity, has no law: every verb gives NaN for it.
 *
 * `logProb`, `entropy`, `kl` and `relaxedLogProb` are off by at most 2e-6 of the largest term that is summed, of the sum,
 * or of 1, whatever the size of the logits; on WebGPU, whose exponential is less exact, by 1e-5.
 *
 * @module
 */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, checkLogits, kindOf } from "../checks.ts";
import { below } from "../given.ts";
import { canBe, canTake, isNumber, orNaN } from "../lawful.ts";
import { materialize } from "../materialize.ts";
import { gumbel, perturb } from "../noise.ts";
import {
  belowLargest,
  finite,
  indicator,
  LOWEST,
  logarithm,
  logSoftmax,
  logSumExp,
  notNegative,
  SMALLEST_ENTRY,
} from "../numerics.ts";
import {
  checkChoice,
  checkRelax,
  checkTemperature,
  RELAX,
  type RelaxOptions,
  TEMPERATURE,
  type TemperatureOptions,
} from "../options.ts";
import { logOfProbability } from "../probabilities.ts";
import { column, dividedByRow, ofRow, originOfRow, sumOfRow } from "../rows.ts";
import { kernelsOf } from "../structure.ts";
import { supportOf } from "../support.ts";
import { inverseOf, isTemperature, tempered } from "../tempered.ts";
import { entmax } from "./entmax.ts";

const kernels = kernelsOf<[alpha: number]>({
  keys: finite,
  noise: gumbel,
  vertex: oneHotOfLargest,
  relaxation: (keys, temperature, alpha) =>
    alpha === 1 ? softmax(keys, temperature) : entmax(keys, temperature, alpha),
  perturbTo: withLargestAt,
  canBe: (value, logits) => canBe(value, logits, 1),
  isLawful: (logits) => canTake(logits, 1),
});

/** The alpha of each relaxation: see `entmax`. */
const ALPHAS = { softmax: 1, sparsemax: 2, entmax: 1.5 } as const;

/**
 * How the argmax of keys is relaxed, with T the temperature. All of them tend to the one-hot vector of the largest key as T falls,
 * and to 1/n as it rises.
 *
 * - `"softmax"`: `softmax(keys / T)`. No possible entry is 0.
 * - `"sparsemax"`: the point of the simplex that is nearest to `keys / T`: `max(keys / T - c, 0)`. Entries that are more than T
 *   below the largest are 0 (Martins, Astudillo 2016).
 * - `"entmax"`: between the two, by `alpha`: 1 is softmax, 2 sparsemax (Peters, Niculae, Martins 2019).
 *
 * An entry of 0 has a gradient of 0, until its key is nearer to the others. Entries are off by up to 2e-6. The gradient of
 * sparsemax and entmax is that of the solution; there is no second derivative.
 */
export type CategoricalRelaxation = keyof typeof ALPHAS;

interface Relaxed {
  /** "softmax", the default, "sparsemax" or "entmax": how the argmax is relaxed. */
  relaxation?: CategoricalRelaxation | undefined;
  /** Of "entmax": from 1 (softmax) to 2 (sparsemax), default 1.5. A new value compiles anew. */
  alpha?: number | undefined;
}

export interface CategoricalOptions extends TemperatureOptions, Relaxed {}

export interface CategoricalRelaxOptions extends RelaxOptions, Relaxed {}

const CATEGORICAL = [...TEMPERATURE, "relaxation", "alpha"];
const CATEGORICAL_RELAX = [...RELAX, "relaxation", "alpha"];

/**
 * The entropy in nats, `H(p) = -sum_i p_i log p_i`, shape `[...]`, from 0 to log n.
 *
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function entropy(logits: np.Array): np.Array {
  checkLogits("categorical.entropy", logits, 1);
  return entropyKernel(logits);
}

/**
 * Logits of probabilities, `log p`, shape `[..., n]`, for every verb that takes logits. The p of a row need not sum to 1: they are
 * weights. A p of 0 is an impossible category, and its gradient is 0; one that is negative or infinite has no law, and
 * every verb gives NaN.
 *
 * @param probabilities `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const draw = categorical.sample(random.key(0), categorical.fromProbabilities(np.array([0.2, 0.3, 0.5])));
 */
export function fromProbabilities(probabilities: np.Array): np.Array {
  checkLogits("categorical.fromProbabilities", probabilities, 1, "probabilities");
  return fromProbabilitiesKernel(probabilities);
}

/**
 * The Kullback-Leibler divergence in nats, `KL(p || q) = sum_i p_i (log p_i - log q_i)`, shape `[...]`, with
 * `p = softmax(logits)` and `q = softmax(prior)`. Never negative. Infinity where p takes a category that
 * q cannot (of which the probability is a float32, not below 1e-38); there is no gradient there, and what comes is
 * Infinity or NaN.
 *
 * @param logits `[..., n]`, consumed
 * @param prior logits of q, `[..., n]`, consumed; default uniform
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function kl(logits: np.Array, prior?: np.Array): np.Array {
  checkLogits("categorical.kl", logits, 1);
  if (prior === undefined) return klUniformKernel(logits);
  checkLogits("categorical.kl", prior, 1, "prior");
  checkBroadcast("categorical.kl", "prior", prior, logits, 1);
  return klKernel(logits, prior);
}

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 1;

/** Which law estimators may rely on: see `Structure`. */
export const law = "categorical";

/**
 * The log-probability of one-hot vectors, `sum_i value_i log p_i`, shape `[...]`; -Infinity for an impossible category.
 *
 * @param value one-hot `[..., n]`, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function logProb(value: np.Array, logits: np.Array): np.Array {
  checkLogits("categorical.logProb", logits, 1);
  checkFloat("categorical.logProb", "value", value, 1);
  checkBroadcast("categorical.logProb", "value", value, logits, 1);
  return logProbKernel(value, logits);
}

/**
 * The mean of `sample`, the probabilities: `p = softmax(logits)`, shape `[..., n]`, from 0 to 1.
 *
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function marginals(logits: np.Array): np.Array {
  checkLogits("categorical.marginals", logits, 1);
  return kernels.softMode(logits, 1, ALPHAS.softmax);
}

/**
 * The most probable category as a one-hot vector `[..., n]`; the first of equals. No gradient.
 *
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array): np.Array {
  checkLogits("categorical.mode", logits, 1);
  return kernels.mode(logits, ALPHAS.softmax);
}

/**
 * The perturbed logits of a draw whose exact draw is `value`: `[..., n]`. That of the category taken is `top =
 * logsumexp(logits) + G`, that of any other `-log(exp(-top) + exp(-(logits_i + G_i)))`, a Gumbel cut off at the top.
 *
 * `mode` of them is `value`, and over values from `sample` they have the law of `logits + G`. The gradient is by the
 * logits, as through a draw of one's own (reparameterized); none is by the value. A value that is not one-hot, or of an
 * impossible category, gives NaN.
 *
 * @param key PRNG key, consumed
 * @param value one-hot `[..., n]`, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Maddison, Tarlow, Minka, "A* Sampling", 2014; Paulus, Maddison, Krause, "Rao-Blackwellizing the Straight-Through
 * Gumbel-Softmax Gradient Estimator", 2021.
 */
export function perturbGiven(key: np.Array, value: np.Array, logits: np.Array): np.Array {
  checkGiven("categorical.perturbGiven", key, value, logits);
  return kernels.perturbGiven(key, value, logits, ALPHAS.softmax);
}

/**
 * A relaxed draw: a point of the simplex, `y = softmax((logits + G) / temperature)`, or another `relaxation` of these keys, shape
 * `[..., n]`.
 *
 * As the temperature falls, y tends to the one-hot vector that `sample` returns for the same key; as it rises, to
 * 1/n. The argmax of y is that draw at every temperature. With `hard`, the value is that draw exactly and the
 * gradient is that of y (straight-through).
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.hard default false
 * @param options.noise scale of the noise, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @param options.relaxation "softmax" (default), "sparsemax" or "entmax"
 * @param options.alpha of "entmax", from 1 to 2, default 1.5
 * @throws RangeError for a temperature that is not positive, TypeError for a key that is none and for
 *   an option of another name
 *
 * Maddison, Mnih, Teh, "The Concrete Distribution", 2017; Jang, Gu, Poole, "Categorical Reparameterization with
 * Gumbel-Softmax", 2017.
 *
 * @example
 * const choice = categorical.relax(random.key(0), np.array([0, 1, 2]), { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: CategoricalRelaxOptions = {}): np.Array {
  checkKey("categorical.relax", key);
  checkLogits("categorical.relax", logits, 1);
  const settings = checkRelax("categorical.relax", logits, 1, options, CATEGORICAL_RELAX);
  return kernels.relax(key, logits, ...settings, checkAlpha("categorical.relax", options));
}

/**
 * A draw of `relax` whose exact draw is `value`: the relaxation of `perturbGiven`, `softmax(. / temperature)`. Over
 * values from `sample` it has the law of `relax`, and as the temperature falls it tends to `value`.
 *
 * @param key PRNG key, consumed
 * @param value one-hot `[..., n]`, whose batch axes broadcast with those of the logits, consumed; no gradient reaches
 *   it
 * @param logits `[..., n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * Maddison, Tarlow, Minka, "A* Sampling", 2014; Paulus, Maddison, Krause, "Rao-Blackwellizing the Straight-Through
 * Gumbel-Softmax Gradient Estimator", 2021.
 *
 * @example
 * const exact = categorical.sample(drawKey, logits.ref);
 * const relaxed = categorical.relaxGiven(relaxKey, exact, logits, { temperature: 0.5 });
 */
export function relaxGiven(
  key: np.Array,
  value: np.Array,
  logits: np.Array,
  options: CategoricalOptions = {},
): np.Array {
  checkGiven("categorical.relaxGiven", key, value, logits);
  const temperature = checkTemperature("categorical.relaxGiven", logits, 1, options, CATEGORICAL);
  return kernels.relaxGiven(key, value, logits, temperature, checkAlpha("categorical.relaxGiven", options));
}

/**
 * The log-density of a relaxed draw on the simplex (the Concrete density), shape `[...]`:
 *
 *     log (m-1)! + (m-1) log T + sum_i (l_i - (T+1) log x_i) - m logsumexp_i(l_i - T log x_i)
 *
 * with l the logits, T the temperature, x the value, and m the number of possible categories (sums run over those). A
 * category of a finite logit, be it as low as a mask, counts among them: only below -1e30 it does not.
 * Entries of x below 1.9e-34 count as that number, so value and gradient stay finite up to the boundary, which
 * `relax` reaches by underflow at low temperatures.
 *
 * @param value point of the simplex `[..., n]`, consumed
 * @param logits `[..., n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * Maddison, Mnih, Teh, "The Concrete Distribution", 2017, equation 10.
 */
export function relaxedLogProb(value: np.Array, logits: np.Array, options: TemperatureOptions = {}): np.Array {
  checkLogits("categorical.relaxedLogProb", logits, 1);
  checkFloat("categorical.relaxedLogProb", "value", value, 1);
  checkBroadcast("categorical.relaxedLogProb", "value", value, logits, 1);
  return relaxedLogProbKernel(value, logits, checkTemperature("categorical.relaxedLogProb", logits, 1, options));
}

/**
 * An exact draw as a one-hot vector `[..., n]`: the argmax of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Gumbel 1954; Maddison, Tarlow, Minka, "A* Sampling", 2014.
 *
 * @example
 * const draw = categorical.sample(random.key(0), np.array([0, 1, 2]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  checkKey("categorical.sample", key);
  checkLogits("categorical.sample", logits, 1);
  return kernels.sample(key, logits, ALPHAS.softmax);
}

/**
 * An exact draw as the index of its category, int32 `[...]`: where `sample` has its 1 for the same key; -1 for a row that has no
 * law. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function sampleIndices(key: np.Array, logits: np.Array): np.Array {
  checkKey("categorical.sampleIndices", key);
  checkLogits("categorical.sampleIndices", logits, 1);
  return sampleIndicesKernel(key, lax.stopGradient(logits));
}

/**
 * The relaxation without noise: `softmax(logits / temperature)`, shape `[..., n]`. At temperature 1, the probabilities. Or the
 * sparsemax or entmax of them.
 *
 * @param logits `[..., n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.relaxation "softmax" (default), "sparsemax" or "entmax"
 * @param options.alpha of "entmax", from 1 to 2, default 1.5
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: CategoricalOptions = {}): np.Array {
  checkLogits("categorical.softMode", logits, 1);
  const temperature = checkTemperature("categorical.softMode", logits, 1, options, CATEGORICAL);
  return kernels.softMode(logits, temperature, checkAlpha("categorical.softMode", options));
}

/**
 * The n one-hot vectors in the order of their categories, the identity matrix: `[n, n]`, whatever the batch axes of the
 * logits.
 *
 * @param logits `[..., n]`, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for more than 2^26
 *   entries
 */
export function support(logits: np.Array): np.Array {
  checkLogits("categorical.support", logits, 1);
  const n = logits.shape.at(-1)!;
  const ones = () => Array.from({ length: n }, (_, category) => [category]);
  return supportOf("categorical.support", logits, [n], { count: n, ones });
}

const entropyKernel = jit(function entropy(logits: np.Array) {
  return orNaN(entropyOf(finite(logits.ref)), logits, 1);
});

const fromProbabilitiesKernel = jit(logOfProbability);

const klUniformKernel = jit(function kl(logits: np.Array) {
  const n = logits.shape.at(-1)!;
  return orNaN(notNegative(np.subtract(Math.log(n), entropyOf(finite(logits.ref)))), logits, 1);
});

const klKernel = jit(function kl(logits: np.Array, prior: np.Array) {
  const { exponents, weights, sum } = weightsOf(finite(logits.ref));
  const ofPrior = weightsOf(finite(prior.ref));
  ofPrior.weights.dispose();
  const isTaken = weights.ref.greater(0);
  const isMissing = np.where(isPossible(prior.ref), false, isTaken.ref);
  const ratio = np.where(isMissing, Number.POSITIVE_INFINITY, exponents.sub(ofPrior.exponents));
  // Zeroed inside the product: 0 times an infinite ratio would be NaN in the gradient even where the value drops it.
  const meanRatio = sumOfRow(weights.mul(np.where(isTaken, ratio, 0))).div(sum.ref);
  const divergence = meanRatio.sub(logarithm(sum)).add(logarithm(ofPrior.sum));
  return orNaN(orNaN(notNegative(divergence), prior, 1), logits, 1);
});

const logProbKernel = jit(function logProb(value: np.Array, logits: np.Array) {
  const impossible = takesImpossible(value.ref, logits.ref);
  const logP = sumOfRow(value.mul(logSoftmax(finite(logits.ref))));
  return orNaN(np.where(impossible, Number.NEGATIVE_INFINITY, logP), logits, 1);
});

const relaxedLogProbKernel = jit(function relaxedLogProb(x: np.Array, logits: np.Array, temperature: np.Array) {
  const n = logits.shape.at(-1)!;
  const t = ofRow(temperature.ref);
  const isGiven = np.all(isNumber(x.ref), -1);
  const outside = takesImpossible(x.ref, logits.ref);
  const possible = isPossible(logits.ref);
  const m = indicator(possible.ref).sum(-1);
  const l = finite(logits.ref);
  const logX = logarithm(np.where(x.ref.less(SMALLEST_ENTRY), SMALLEST_ENTRY, x));
  // Relative to the least, which a softmax does not depend on: so at the highest temperatures differences stay numbers.
  const least = column(lax.stopGradient(np.min(np.where(possible.ref, logX.ref, 0), -1)));
  const scaled = temperature.mul(logX.ref.sub(least));
  const logShare = logSoftmax(np.where(possible.ref, l.sub(scaled), LOWEST));
  const density = logFactorialBelow(m.ref, n)
    .add(m.sub(1).mul(logarithm(t.ref)))
    .add(np.where(possible, logShare.sub(logX), 0).sum(-1));
  const value = np.where(outside, Number.NEGATIVE_INFINITY, density);
  return np.where(isTemperature(t), np.where(isGiven, orNaN(value, logits, 1), Number.NaN), Number.NaN);
});

const sampleIndicesKernel = jit(function sampleIndices(key: np.Array, logits: np.Array) {
  const keys = perturb(key, finite(logits.ref));
  const isLawful = np.squeeze(canTake(logits.ref, 1), -1);
  return np.where(isLawful, np.argmax(keys, -1), np.array(-1, { dtype: np.int32, device: logits.device }));
});

/** `log sum_i w_i - (sum_i w_i log w_i) / sum_i w_i`, in which what all weights w are off by cancels. */
function entropyOf(logits: np.Array): np.Array {
  const { exponents, weights, sum } = weightsOf(logits);
  const mean = sumOfRow(weights.mul(exponents)).div(sum.ref);
  return logarithm(sum).sub(mean);
}

/** Probabilities that are not normalized, with 1 the largest of each row, their logarithms, and their sum. */
function weightsOf(logits: np.Array): { exponents: np.Array; weights: np.Array; sum: np.Array } {
  const exponents = belowLargest(logits);
  const weights = np.exp(exponents.ref);
  return { exponents, weights, sum: sumOfRow(weights.ref) };
}

/** `softmax(keys / temperature)`. */
function softmax(keys: np.Array, temperature: np.Array): np.Array {
  const weights = np.exp(tempered(keys.ref, originOfRow(keys), inverseOf(temperature)));
  return dividedByRow(weights.ref, sumOfRow(weights));
}

/** The alpha of the relaxation that `options` ask for. */
function checkAlpha(
  where: string,
  { relaxation = "softmax", alpha }: CategoricalOptions | CategoricalRelaxOptions,
): number {
  checkChoice(where, "relaxation", relaxation, Object.keys(ALPHAS));
  if (alpha === undefined) return ALPHAS[relaxation];
  if (relaxation !== "entmax") {
    throw new RangeError(
      `${where}: alpha is an option of the relaxation "entmax", and the relaxation is "${relaxation}".`,
    );
  }
  if (typeof alpha === "number" && alpha >= 1 && alpha <= 2) return alpha;
  throw new RangeError(`${where}: alpha must be a number from 1 (softmax) to 2 (sparsemax), got ${kindOf(alpha)}.`);
}

function checkGiven(where: string, key: np.Array, value: np.Array, logits: np.Array): void {
  checkKey(where, key);
  checkLogits(where, logits, 1);
  checkFloat(where, "value", value, 1);
  checkBroadcast(where, "value", value, logits, 1);
}

/** Keys with noise, the largest of which is at the 1 of a one-hot vector. */
function withLargestAt(key: np.Array, oneHot: np.Array, keys: np.Array): np.Array {
  const isTaken = oneHot.greater(0.5);
  const noise = gumbel(key, keys.shape);
  const ofTaken = np.where(isTaken.ref, noise.ref, 0).sum(-1);
  const top = column(materialize(logSumExp(keys.ref).add(ofTaken)));
  return np.where(isTaken, top.ref, below(top, keys.add(noise)));
}

function isPossible(logits: np.Array): np.Array {
  return logits.greater(LOWEST);
}

/** Whether a value has weight on a category that its logits forbid. */
function takesImpossible(value: np.Array, logits: np.Array): np.Array {
  return np.any(np.where(isPossible(logits), false, value.greater(0)), -1);
}

/** log (m-1)! for whole m from 1 to n: the sum of log j over j below m. */
function logFactorialBelow(m: np.Array, n: number): np.Array {
  const j = np.arange(1, n + 1, 1, { dtype: np.float32 });
  const below = j.ref.less(np.expandDims(m, -1));
  return np.where(below, np.log(j), 0).sum(-1);
}

/**
 * The one-hot vector of the largest entry, the first of equals.
 *
 * Upstream: `oneHot` takes n^2 numbers of memory.
 */
function oneHotOfLargest(x: np.Array): np.Array {
  const largest = np.argmax(x, -1, { keepdims: true });
  return indicator(np.arange(x.shape.at(-1)!).equal(largest));
}
