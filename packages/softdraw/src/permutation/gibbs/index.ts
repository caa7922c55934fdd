/**
 * Permutations of n by the Gibbs law of the permanent, as matrices with a single 1 in every row and column:
 *
 *     P(pi) = exp(sum_i logits_(i, pi(i))) / perm(exp(logits))
 *
 * This is what `sample` draws from, exactly; `marginals`, `logProb`, `entropy` and `kl` are of the same law. It is not
 * the law of `permutation.sample` (Gumbel-matching), nor are its marginals the Sinkhorn plan of `permutation.softMode`.
 *
 * A permanent takes a number of steps that grows exponentially (Valiant 1979): here n 2^n of them, for n up to 12.
 * There is no `relax`: no noise is known by which a maximum draws from this law. `expectation`'s "simple" has the exact
 * draw and the gradient of the exact mean.
 *
 * A logit of -Infinity, or below -1e30, is an impossible place: it is never taken and its gradient is zero. A matrix
 * with a logit of NaN or Infinity, or of which every permutation is impossible, has no law: all that is asked of it is
 * NaN.
 *
 * @module
 */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, checkSquare, describe, isTraced } from "../../checks.ts";
import { canPermute, isNumber } from "../../lawful.ts";
import { gumbel } from "../../noise.ts";
import { finite, LOWEST } from "../../numerics.ts";
import { checkTemperature, type TemperatureOptions } from "../../options.ts";
import { originOfRow } from "../../rows.ts";
import { inverseOf, isTemperature, tempered } from "../../tempered.ts";
import { supportOfPermutations } from "../enumeration.ts";
import { isPermutationMatrix, matrixOf } from "../matrices.ts";
import { ifLawful, largestPermutation } from "./maximum.ts";
import { changeOfMarginals, changeOfMarginalsByEntries, type Flows, flowsOf, sumOfAll, sumsByRow } from "./moments.ts";
import { entriesOf, isPossibleStep, type Pass, stepsTo, sums, walkAlongLargest } from "./passes.ts";

/** Stands for possible entries below it, at the lowest temperatures: above `LOWEST`, below all others. */
const LOWEST_SCALED = -9e29;

/** The largest n: its 4,096 subsets take a millisecond or two. */
const LARGEST = 12;

/**
 * The entropy in nats, `-sum_pi P(pi) log P(pi)`, shape `[...]`, from 0 to log n!.
 *
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 */
export function entropy(logits: np.Array): np.Array {
  checkLogits("permutation.gibbs.entropy", logits);
  return entropyKernel(logits, lax.stopGradient(logits.ref));
}

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/**
 * The Kullback-Leibler divergence in nats, `sum_pi P(pi) (log P(pi) - log Q(pi))`, shape `[...]`, with P the law of the
 * logits and Q that of the prior. Never negative. Infinity where P takes a place that Q cannot (with a probability
 * that float32 holds); there is no gradient there.
 *
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @param prior logits of Q, `[..., n, n]`, consumed; default uniform over all n! permutations
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 */
export function kl(logits: np.Array, prior: np.Array = zerosLike(logits)): np.Array {
  checkLogits("permutation.gibbs.kl", logits);
  checkSquare("permutation.gibbs.kl", "prior", prior);
  checkBroadcast("permutation.gibbs.kl", "prior", prior, logits, 2);
  return klKernel(logits, lax.stopGradient(logits.ref), prior, lax.stopGradient(prior.ref));
}

/**
 * The logarithm of the permanent of `exp(logits)`, shape `[...]`: what normalizes the law. Its gradient is `marginals`;
 * there is no second derivative, but that of `marginals`.
 *
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 *
 * @example
 * const logPermanent = permutation.gibbs.logPartition(np.zeros([3, 3])); // log 6
 */
export function logPartition(logits: np.Array): np.Array {
  checkLogits("permutation.gibbs.logPartition", logits);
  return logPartitionKernel(logits, lax.stopGradient(logits.ref));
}

/**
 * The log-probability of permutations, `sum_ij value_ij logits_ij - logPartition(logits)`, shape `[...]`; -Infinity for
 * what is no permutation, and for one with an impossible place. The gradient is by the logits, `value - marginals`.
 *
 * @param value `[..., n, n]`, whose batch axes broadcast with those of the logits, consumed; no gradient reaches it
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 */
export function logProb(value: np.Array, logits: np.Array): np.Array {
  checkLogits("permutation.gibbs.logProb", logits);
  checkFloat("permutation.gibbs.logProb", "value", value, 2);
  checkBroadcast("permutation.gibbs.logProb", "value", value, logits, 2);
  return logProbKernel(lax.stopGradient(value), logits, lax.stopGradient(logits.ref));
}

/**
 * The mean of `sample`: the probability of each place, `[..., n, n]`. Rows and columns sum to 1.
 *
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 */
export function marginals(logits: np.Array): np.Array {
  checkLogits("permutation.gibbs.marginals", logits);
  return meanOf(logits);
}

/**
 * The most probable permutation, as a matrix `[..., n, n]`; of equals the first in the order of `support`. No gradient.
 *
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 */
export function mode(logits: np.Array): np.Array {
  checkLogits("permutation.gibbs.mode", logits);
  return modeKernel(lax.stopGradient(logits));
}

/**
 * An exact draw, as a matrix `[..., n, n]`: row by row from the first, each by its law given those before. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 12
 *
 * @example
 * const draw = permutation.gibbs.sample(random.key(0), np.zeros([5, 5]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  checkKey("permutation.gibbs.sample", key);
  checkLogits("permutation.gibbs.sample", logits);
  return sampleKernel(key, lax.stopGradient(logits));
}

/**
 * The marginals of `logits / temperature`, `[..., n, n]`: `marginals` at 1, `mode` as the temperature falls, and 1/n as
 * it rises.
 *
 * @param logits `[..., n, n]`, n at most 12, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit, and for an n above
 *   12
 */
export function softMode(logits: np.Array, options: TemperatureOptions = {}): np.Array {
  checkLogits("permutation.gibbs.softMode", logits);
  const temperature = checkTemperature("permutation.gibbs.softMode", logits, 2, options) as np.Array;
  return meanOf(scaledKernel(logits, temperature));
}

/**
 * The n! permutation matrices, `[n!, n, n]`: see `permutation.support`.
 *
 * @param logits `[..., n, n]`, n at most 8, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 8
 */
export function support(logits: np.Array): np.Array {
  checkSquare("permutation.gibbs.support", "logits", logits);
  return supportOfPermutations("permutation.gibbs.support", logits);
}

// Values have no gradient of their own: what is added to them is zero, with the gradient that is known of them.
// Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`). A gradient that enters a jitted
// function and ends there leaks arrays; so the logits come without a gradient, too.
const logPartitionKernel = jit(function logPartition(logits: np.Array, stopped: np.Array) {
  const { pass, flows } = walkOf(stopped.ref);
  const value = pass.high.ref.add(pass.low);
  return ifLawful(value.add(sumOver(sumsByRow(flows).mul(changeOf(logits, stopped.ref)))), stopped, pass.high);
});

const marginalsKernel = jit(function marginals(logits: np.Array, stopped: np.Array) {
  const { pass, steps, flows } = walkOf(stopped.ref);
  const change = changeOfMarginalsByEntries(steps, tree.ref(flows), changeOf(logits, stopped.ref));
  return ifLawful(sumsByRow(flows).add(change), stopped, pass.high);
});

const marginalsWithoutGradientKernel = jit(function marginals(logits: np.Array) {
  const { pass, flows } = walkOf(logits.ref);
  return ifLawful(sumsByRow(flows), logits, pass.high);
});

const entropyKernel = jit(function entropy(logits: np.Array, stopped: np.Array) {
  const { pass, steps, flows } = walkOf(stopped.ref);
  const logSteps = pass.steps.map((step, i) => np.where(steps[i]!.ref.greater(0), step, 0));
  const value = np.negative(sumOfAll(flows.map((flow, i) => flow.ref.mul(logSteps[i]!.ref))));
  const slope = changeOfMarginals(steps, flows, logSteps);
  return ifLawful(value.sub(sumOver(slope.mul(changeOf(logits, stopped.ref)))), stopped, pass.high);
});

const klKernel = jit(function kl(logits: np.Array, stopped: np.Array, prior: np.Array, stoppedPrior: np.Array) {
  const [l, l0, q, q0] = np.broadcastArrays(logits, stopped, prior, stoppedPrior) as Four;
  const own = walkOf(l0.ref);
  const other = walkOf(q0.ref);
  const isTaken = own.flows.map((flow) => flow.ref.greater(0));
  const ratios = own.pass.steps.map((step, i) =>
    np.where(own.steps[i]!.ref.greater(0), step.sub(other.pass.steps[i]!.ref), 0),
  );
  const isMissing = isTaken
    .map((taken, i) => np.any(np.where(isPossibleStep(other.pass.steps[i]!), false, taken), [-1, -2]))
    .reduce((a, b) => a.add(b));
  const value = np.maximum(sumOfAll(own.flows.map((flow, i) => flow.ref.mul(ratios[i]!.ref))), 0);
  const slope = changeOfMarginals(own.steps, tree.ref(own.flows), ratios).mul(changeOf(l, l0.ref));
  const priorSlope = sumsByRow(other.flows).sub(sumsByRow(own.flows)).mul(changeOf(q, q0.ref));
  const divergence = np.where(isMissing, Number.POSITIVE_INFINITY, value.add(sumOver(slope.add(priorSlope))));
  return ifLawful(ifLawful(divergence, q0, other.pass.high), l0, own.pass.high);
});

const logProbKernel = jit(function logProb(value: np.Array, logits: np.Array, stopped: np.Array) {
  const [v, l, l0] = np.broadcastArrays(value, logits, stopped) as Four;
  const { pass, flows } = walkOf(l0.ref);
  const logP = stepsTo(pass.steps, v.ref);
  const slope = v.ref.sub(sumsByRow(flows)).mul(changeOf(l, l0.ref));
  const isPossible = isPermutationMatrix(v.ref).mul(isPossibleStep(logP.ref));
  const result = np.where(isPossible, logP.add(sumOver(slope)), Number.NEGATIVE_INFINITY);
  return ifLawful(np.where(np.all(isNumber(v), [-1, -2]), result, Number.NaN), l0, pass.high);
});

const modeKernel = jit(function mode(logits: np.Array) {
  return largestPermutation(finite(logits.ref), logits);
});

const sampleKernel = jit(function sample(key: np.Array, logits: np.Array) {
  const pass = sums(entriesOf(logits.ref));
  return ifLawful(matrixOf(walkAlongLargest(pass.steps, gumbel(key, logits.shape))), logits, pass.high);
});

/**
 * Impossible entries stay -Infinity; no others come near to it. NaN where the temperature is none, or there is no law.
 */
const scaledKernel = jit(function softMode(logits: np.Array, temperature: np.Array) {
  const keys = finite(logits.ref);
  const scaled = tempered(keys.ref, originOfRow(keys), inverseOf(temperature.ref));
  const bounded = np.where(logits.ref.greater(LOWEST), np.maximum(scaled, LOWEST_SCALED), Number.NEGATIVE_INFINITY);
  return np.where(canPermute(logits).mul(isTemperature(temperature)), bounded, Number.NaN);
});

/** The marginals. That they have a gradient takes most of the time: so only where one may be asked for. */
function meanOf(logits: np.Array): np.Array {
  return isTraced(logits)
    ? marginalsKernel(logits, lax.stopGradient(logits.ref))
    : marginalsWithoutGradientKernel(logits);
}

type Four = [np.Array, np.Array, np.Array, np.Array];

/** The walk of a matrix, with probabilities in place of logarithms beside them. */
function walkOf(logits: np.Array): { pass: Pass; steps: np.Array[]; flows: Flows } {
  const pass = sums(entriesOf(logits));
  const steps = pass.steps.map((step) => np.exp(step.ref));
  return { pass, steps, flows: flowsOf(steps.map((step) => step.ref)) };
}

/** Zero, with the gradient of the logits. */
function changeOf(logits: np.Array, stopped: np.Array): np.Array {
  return finite(logits).sub(finite(stopped));
}

function sumOver(matrix: np.Array): np.Array {
  return matrix.sum([-1, -2]);
}

function zerosLike(logits: np.Array): np.Array {
  return np.zeros(logits.shape.slice(-2));
}

/** Square matrices, no larger than can be gone through. */
function checkLogits(where: string, logits: np.Array): void {
  checkSquare(where, "logits", logits);
  if (logits.shape.at(-1)! <= LARGEST) return;
  throw new RangeError(
    `${where}: n is at most ${LARGEST}, because the time grows as n 2^n, got logits ${describe(logits)}.`,
  );
}
