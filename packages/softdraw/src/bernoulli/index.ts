/**
 * Bernoulli choices: yes or no, as 1 or 0. Logits have any shape; each entry is a choice of its own.
 *
 * `sample` draws 1 with probability `p = sigmoid(logits)`, exactly: where logits plus logistic noise are positive.
 * `relax` replaces that threshold by a sigmoid at a temperature: the binary Concrete distribution (Maddison, Mnih,
 * Teh 2017, appendix B).
 *
 * A logit of -Infinity, or below -1e30, is never 1, one of Infinity, or above 1e30, always; the gradient of either is
 * zero. Of a logit of NaN every verb gives NaN.
 *
 * `logProb`, `entropy`, `kl` and `relaxedLogProb` are off by at most 2e-6 of the largest term that is summed, of the sum,
 * or of 1, whatever the size of the logits; on WebGPU, whose exponential is less exact, by 1e-5.
 *
 * @module
 */

import { jit, lax, numpy as np, random } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, checkLogits, kindOf } from "../checks.ts";
import { isNumber, keepNaN } from "../lawful.ts";
import { logistic } from "../noise.ts";
import {
  BELOW_ONE,
  indicator,
  LOWEST,
  logarithm,
  logSigmoid,
  notNegative,
  SMALLEST_ENTRY,
  sigmoid,
  softplus,
} from "../numerics.ts";
import {
  checkRelax,
  checkTemperature,
  RELAX,
  type RelaxOptions,
  TEMPERATURE,
  type TemperatureOptions,
} from "../options.ts";
import { logOfProbability } from "../probabilities.ts";
import { kernelsOf } from "../structure.ts";
import { supportOf } from "../support.ts";
import { inverseOf, isTemperature, tempered } from "../tempered.ts";
import { exponentialFromUniform, uniformFromBits } from "../uniforms.ts";

const kernels = kernelsOf<[low: number, high: number]>({
  keys: bounded,
  noise: logistic,
  vertex: isPositive,
  relaxation,
  perturbTo: withSignOf,
  canBe,
  isLawful: (logits) => isNumber(logits),
});

/** What is not stretched. */
const UNIT: Stretch = [0, 1];

/** That of Louizos et al. */
const STRETCH: Stretch = [-0.1, 1.1];

/**
 * From where to where a relaxed draw is stretched before it is clipped: from below 0 to above 1, by a millionth to a million,
 * of which float32 holds enough.
 */
export type Stretch = readonly [low: number, high: number];

interface Stretched {
  /**
   * Stretches a relaxed draw and clips it to 0 to 1: the hard concrete distribution, which is 0, and 1, with a probability of its own.
   * `clip(low + (high - low) y, 0, 1)`, for example `[-0.1, 1.1]`. Default none. New numbers compile anew.
   */
  stretch?: Stretch | undefined;
}

export interface BernoulliOptions extends TemperatureOptions, Stretched {}

export interface BernoulliRelaxOptions extends RelaxOptions, Stretched {}

const BERNOULLI = [...TEMPERATURE, "stretch"];
const BERNOULLI_RELAX = [...RELAX, "stretch"];

/**
 * The entropy in nats, `-p log p - (1 - p) log(1 - p)`, shape of the logits, from 0 to log 2.
 *
 * @param logits any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function entropy(logits: np.Array): np.Array {
  checkLogits("bernoulli.entropy", logits, 0);
  return entropyKernel(logits);
}

/**
 * Logits of probabilities, `log p - log(1 - p)`, shape of the probabilities, for every verb that takes logits. Those of 0 and 1 are
 * -Infinity and Infinity, never and always, and their gradient is 0; of what is not from 0 to 1 they are NaN.
 *
 * @param probabilities any shape, consumed
 * @throws TypeError for arguments of another type
 *
 * @example
 * const draw = bernoulli.sample(random.key(0), bernoulli.fromProbabilities(np.array([0, 0.1, 1])));
 */
export function fromProbabilities(probabilities: np.Array): np.Array {
  checkLogits("bernoulli.fromProbabilities", probabilities, 0, "probabilities");
  return fromProbabilitiesKernel(probabilities);
}

/**
 * The Kullback-Leibler divergence in nats, `p log(p/q) + (1 - p) log((1 - p)/(1 - q))`, with `p = sigmoid(logits)` and
 * `q = sigmoid(prior)`. Never negative. Infinity where p allows what q does not; there is no gradient there, and what comes
 * is Infinity or NaN.
 *
 * @param logits any shape, consumed
 * @param prior logits of q, a shape that broadcasts, consumed; default uniform (q = 1/2)
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function kl(logits: np.Array, prior?: np.Array): np.Array {
  checkLogits("bernoulli.kl", logits, 0);
  if (prior === undefined) return klUniformKernel(logits);
  checkLogits("bernoulli.kl", prior, 0, "prior");
  checkBroadcast("bernoulli.kl", "prior", prior, logits, 0);
  return klKernel(logits, prior);
}

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 0;

/** Which law estimators may rely on: see `Structure`. */
export const law = "bernoulli";

/**
 * The log-probability, `value log p + (1 - value) log(1 - p) = value logits - softplus(logits)`; -Infinity for an
 * impossible value. A value between 0 and 1 (a grey pixel) gives the cross entropy of the two, with the sign turned.
 *
 * @param value 0 or 1, a shape that broadcasts with the logits, consumed
 * @param logits any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function logProb(value: np.Array, logits: np.Array): np.Array {
  checkLogits("bernoulli.logProb", logits, 0);
  checkFloat("bernoulli.logProb", "value", value);
  checkBroadcast("bernoulli.logProb", "value", value, logits, 0);
  return logProbKernel(value, logits);
}

/**
 * The mean of `sample`, the probability of 1: `p = sigmoid(logits)`, shape of the logits, from 0 to 1.
 *
 * @param logits any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function marginals(logits: np.Array): np.Array {
  checkLogits("bernoulli.marginals", logits, 0);
  return kernels.softMode(logits, 1, ...UNIT);
}

/**
 * The more probable value: 1 where the logit is positive, else 0 (also for even odds). No gradient.
 *
 * @param logits any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array): np.Array {
  checkLogits("bernoulli.mode", logits, 0);
  return kernels.mode(logits, ...UNIT);
}

/**
 * The perturbed logits of a draw whose exact draw is `value`: `s (softplus(s logits + log v) - log(1 - v))` with
 * `s = 2 value - 1` and v uniform. It has the sign s.
 *
 * `mode` of them is `value`, and over values from `sample` they have the law of `logits + L`. The gradient is by the
 * logits, as through a draw of one's own (reparameterized); none is by the value. A value that is neither 0 nor 1, or
 * impossible, gives NaN.
 *
 * @param key PRNG key, consumed
 * @param value 0 or 1, whose batch axes broadcast with those of the logits, consumed
 * @param logits any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Tucker, Mnih, Maddison, Lawson, Sohl-Dickstein, "REBAR", 2017, appendix C.
 */
export function perturbGiven(key: np.Array, value: np.Array, logits: np.Array): np.Array {
  checkGiven("bernoulli.perturbGiven", key, value, logits);
  return kernels.perturbGiven(key, value, logits, ...UNIT);
}

/**
 * A relaxed draw between 0 and 1, `y = sigmoid((logits + L) / temperature)` with logistic noise L.
 *
 * As the temperature falls, y tends to what `sample` returns for the same key; rounded, it is that at every
 * temperature. With `hard`, the value is that draw exactly and the gradient is that of y (straight-through).
 *
 * @param key PRNG key, consumed
 * @param logits any shape, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.hard default false
 * @param options.noise scale of the noise, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @param options.stretch such as `[-0.1, 1.1]`, the hard concrete distribution; default none
 * @throws RangeError for a temperature that is not positive, TypeError for a key that is none and for
 *   an option of another name
 *
 * Maddison, Mnih, Teh, "The Concrete Distribution", 2017, appendix B; Louizos, Welling, Kingma, "Learning Sparse Neural Networks
 * through L0 Regularization", 2018.
 *
 * @example
 * const gates = bernoulli.relax(random.key(0), np.array([-1, 0, 3]), { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: BernoulliRelaxOptions = {}): np.Array {
  checkKey("bernoulli.relax", key);
  checkLogits("bernoulli.relax", logits, 0);
  const settings = checkRelax("bernoulli.relax", logits, 0, options, BERNOULLI_RELAX);
  return kernels.relax(key, logits, ...settings, ...checkStretch("bernoulli.relax", options));
}

/**
 * A draw of `relax` whose exact draw is `value`: the relaxation of `perturbGiven`, `sigmoid(. / temperature)`. Over
 * values from `sample` it has the law of `relax`, and as the temperature falls it tends to `value`.
 *
 * @param key PRNG key, consumed
 * @param value 0 or 1, whose batch axes broadcast with those of the logits, consumed; no gradient reaches it
 * @param logits any shape, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * Tucker, Mnih, Maddison, Lawson, Sohl-Dickstein, "REBAR", 2017.
 *
 * @example
 * const exact = bernoulli.sample(drawKey, logits.ref);
 * const relaxed = bernoulli.relaxGiven(relaxKey, exact, logits, { temperature: 0.5 });
 */
export function relaxGiven(key: np.Array, value: np.Array, logits: np.Array, options: BernoulliOptions = {}): np.Array {
  checkGiven("bernoulli.relaxGiven", key, value, logits);
  const temperature = checkTemperature("bernoulli.relaxGiven", logits, 0, options, BERNOULLI);
  return kernels.relaxGiven(key, value, logits, temperature, ...checkStretch("bernoulli.relaxGiven", options));
}

/**
 * The log-density of a relaxed draw on (0, 1) (the binary Concrete density):
 *
 *     log T + t - 2 softplus(t) - log x - log(1 - x),   t = logits - T (log x - log(1 - x))
 *
 * with T the temperature and x the value. Values below 1.9e-34 or above 1 - 6e-8 (float32's last before 1) count as
 * those, so value and gradient stay finite up to 0 and 1. An infinite logit leaves one value possible: its log-density
 * is 0, as of a simplex that is a single point, and any other's is -Infinity.
 *
 * @param value between 0 and 1, a shape that broadcasts with the logits, consumed
 * @param logits any shape, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * Maddison, Mnih, Teh, "The Concrete Distribution", 2017, equation 25.
 */
export function relaxedLogProb(value: np.Array, logits: np.Array, options: TemperatureOptions = {}): np.Array {
  checkLogits("bernoulli.relaxedLogProb", logits, 0);
  checkFloat("bernoulli.relaxedLogProb", "value", value);
  checkBroadcast("bernoulli.relaxedLogProb", "value", value, logits, 0);
  return relaxedLogProbKernel(value, logits, checkTemperature("bernoulli.relaxedLogProb", logits, 0, options));
}

/**
 * An exact draw, 0 or 1: 1 where `logits + L` is positive. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const coins = bernoulli.sample(random.key(0), np.zeros([10]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  checkKey("bernoulli.sample", key);
  checkLogits("bernoulli.sample", logits, 0);
  return kernels.sample(key, logits, ...UNIT);
}

/**
 * The probability that a stretched relaxed draw is not 0, exactly: `sigmoid(logits - temperature log(-low / high))`, shape of the
 * logits. Summed over gates it is the expected number of those that are open, the L0 penalty. It has a gradient.
 *
 * @param logits any shape, consumed
 * @param options.temperature that of `relax`: positive number, or an array that broadcasts over the batch; default 1
 * @param options.stretch that of `relax`; default `[-0.1, 1.1]`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * Louizos, Welling, Kingma, "Learning Sparse Neural Networks through L0 Regularization", 2018, equation 12.
 *
 * @example
 * const penalty = bernoulli.openProbability(np.array([-1, 0, 3]), { temperature: 2 / 3 }).sum();
 */
export function openProbability(logits: np.Array, options: BernoulliOptions = {}): np.Array {
  checkLogits("bernoulli.openProbability", logits, 0);
  const temperature = checkTemperature("bernoulli.openProbability", logits, 0, options, BERNOULLI);
  const { stretch = STRETCH } = options;
  const [low, high] = checkStretch("bernoulli.openProbability", { stretch });
  return openProbabilityKernel(logits, temperature as np.Array, low, high);
}

/**
 * The relaxation without noise: `sigmoid(logits / temperature)`. At temperature 1, the probability of 1.
 *
 * @param logits any shape, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: BernoulliOptions = {}): np.Array {
  checkLogits("bernoulli.softMode", logits, 0);
  const temperature = checkTemperature("bernoulli.softMode", logits, 0, options, BERNOULLI);
  return kernels.softMode(logits, temperature, ...checkStretch("bernoulli.softMode", options));
}

/**
 * Both values of one choice, 0 and 1, in this order: `[2]`, whatever the shape of the logits.
 *
 * @param logits any shape, consumed; only their type matters
 * @throws TypeError for arguments of another type
 */
export function support(logits: np.Array): np.Array {
  checkLogits("bernoulli.support", logits, 0);
  return supportOf("bernoulli.support", logits, [], { count: 2, ones: () => [[], [0]] });
}

const entropyKernel = jit(function entropy(logits: np.Array) {
  return keepNaN(logits, entropyOf(bounded(logits.ref)));
});

const fromProbabilitiesKernel = jit(function fromProbabilities(p: np.Array) {
  const logits = logOfProbability(p.ref).sub(logOfProbability(np.subtract(1, p.ref)));
  const fixed = lax.stopGradient(p);
  const isCertain = fixed.ref.lessEqual(0).add(fixed.greaterEqual(1));
  return np.where(isCertain, lax.stopGradient(logits.ref), logits);
});

const klUniformKernel = jit(function kl(logits: np.Array) {
  return keepNaN(logits, notNegative(np.subtract(Math.LN2, entropyOf(bounded(logits.ref)))));
});

const klKernel = jit(function kl(logits: np.Array, prior: np.Array) {
  const l = bounded(logits.ref);
  const yes = klTerm(l.ref, prior.ref);
  const no = klTerm(np.negative(l), np.negative(prior.ref));
  return keepNaN(logits, keepNaN(prior, notNegative(yes.add(no))));
});

const logProbKernel = jit(function logProb(value: np.Array, logits: np.Array) {
  const l = bounded(logits.ref);
  const isMissed = np.where(isNever(l.ref), value.ref.greater(0), np.where(isAlways(l.ref), value.ref.less(1), false));
  return keepNaN(logits, np.where(isMissed, Number.NEGATIVE_INFINITY, value.mul(l.ref).sub(softplus(l))));
});

const openProbabilityKernel = jit(
  function openProbability(logits: np.Array, temperature: np.Array, low: number, high: number) {
    const l = bounded(logits.ref).sub(temperature.ref.mul(Math.log(-low / high)));
    const p = np.where(isNever(logits.ref), 0, np.where(isAlways(logits.ref), 1, sigmoid(l)));
    return np.where(isTemperature(temperature), keepNaN(logits, p), Number.NaN);
  },
  { staticArgnums: [2, 3] },
);

const relaxedLogProbKernel = jit(function relaxedLogProb(y: np.Array, logits: np.Array, temperature: np.Array) {
  const forced = isNever(logits.ref).add(isAlways(logits.ref));
  const isForcedValue = np.where(logits.ref.greater(0), y.ref.equal(1), y.ref.equal(0));
  const x = np.where(y.ref.less(SMALLEST_ENTRY), SMALLEST_ENTRY, np.where(y.ref.greater(BELOW_ONE), BELOW_ONE, y.ref));
  const logX = logarithm(x.ref);
  const logNotX = logarithm(np.subtract(1, x));
  const shifted = bounded(logits.ref).sub(temperature.ref.mul(logX.ref.sub(logNotX.ref)));
  const logisticDensity = np.negative(softplus(shifted.ref).add(softplus(np.negative(shifted))));
  const density = logarithm(temperature.ref).add(logisticDensity).sub(logX).sub(logNotX);
  const value = np.where(forced, np.where(isForcedValue, 0, Number.NEGATIVE_INFINITY), density);
  return np.where(isTemperature(temperature), keepNaN(y, keepNaN(logits, value)), Number.NaN);
});

function entropyOf(l: np.Array): np.Array {
  const p = sigmoid(l.ref);
  const q = sigmoid(np.negative(l.ref));
  return p.mul(softplus(np.negative(l.ref))).add(q.mul(softplus(l)));
}

function checkGiven(where: string, key: np.Array, value: np.Array, logits: np.Array): void {
  checkKey(where, key);
  checkLogits(where, logits, 0);
  checkFloat(where, "value", value);
  checkBroadcast(where, "value", value, logits, 0);
}

/** The stretch of `options`. */
function checkStretch(where: string, { stretch = UNIT }: Stretched): Stretch {
  if (stretch === UNIT) return UNIT;
  const isPair = Array.isArray(stretch) && stretch.length === 2 && stretch.every(Number.isFinite);
  const isBeyond = (distance: number) => distance >= 1e-6 && distance <= 1e6;
  if (isPair && isBeyond(-stretch[0]) && isBeyond(stretch[1] - 1)) return stretch;
  const got = Array.isArray(stretch) ? `[${stretch}]` : kindOf(stretch);
  throw new RangeError(
    `${where}: stretch must be two numbers, one below 0 and one above 1, by a millionth to a million, such as ` +
      `[-0.1, 1.1], got ${got}.`,
  );
}

/** p (log p - log q) of one outcome, 0 where p is 0. */
function klTerm(logits: np.Array, prior: np.Array): np.Array {
  const p = sigmoid(logits.ref);
  const ratio = logSigmoid(logits).sub(logSigmoid(prior));
  // Zeroed inside the product: 0 times an infinite ratio would be NaN in the gradient even where the value drops it.
  return p.ref.mul(np.where(p.greater(0), ratio, 0));
}

function isPositive(x: np.Array): np.Array {
  return indicator(x.greater(0));
}

/** Infinite logits moved to where float32 arithmetic stays finite; no gradient flows into them. */
function bounded(logits: np.Array): np.Array {
  return np.clip(logits, LOWEST, -LOWEST);
}

/** Whether a logit, bounded or not, stands for a value that is never 1, or always. */
function isNever(l: np.Array): np.Array {
  return l.lessEqual(LOWEST);
}

function isAlways(l: np.Array): np.Array {
  return l.greaterEqual(-LOWEST);
}

/** Whether a value is 0 or 1, and possible. */
function canBe(value: np.Array, logits: np.Array): np.Array {
  const isKnown = isNumber(value.ref);
  const ofZero = np.where(value.ref.equal(0), np.where(isAlways(logits.ref), false, true), false);
  const ofOne = np.where(isNever(logits), false, true);
  return np.where(isKnown, np.where(value.equal(1), ofOne, ofZero), false);
}

/** Keys with noise, whose sign the value says. */
function withSignOf(key: np.Array, value: np.Array, keys: np.Array): np.Array {
  const sign = value.mul(2).sub(1);
  const v = uniformFromBits(random.bits(key, keys.shape));
  const distance = softplus(keys.mul(sign.ref).add(np.log(v.ref))).add(exponentialFromUniform(v));
  return distance.mul(sign);
}

/** `sigmoid(keys / temperature)`; what is never or always 1 is so at every temperature. */
function relaxation(keys: np.Array, temperature: np.Array, low: number, high: number): np.Array {
  const certain = isAlways(keys.ref);
  const y = np.where(certain, 1, sigmoid(tempered(keys, 0, inverseOf(temperature))));
  return low === 0 && high === 1 ? y : np.clip(y.mul(high - low).add(low), 0, 1);
}
