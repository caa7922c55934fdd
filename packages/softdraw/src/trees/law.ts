/**
 * The Gibbs law of trees: each has a probability in proportion to the product of the weights `exp(logit)` of its edges.
 *
 * Gradients are written out. That of the logarithm of the sum over all trees is the mean of a draw, and that of the mean
 * the covariance with a sum over the edges of the tree.
 */

import { lax, numpy as np, random } from "@jax-js/jax";
import { isNumber } from "../lawful.ts";
import { LOWEST, notNegative } from "../numerics.ts";
import { inverseOf, isTemperature, tempered } from "../tempered.ts";
import { uniformFromBits } from "../uniforms.ts";
import { countUniforms, drawn } from "./draw.ts";
import { besideMatrix, type Frame, inRows } from "./frame.ts";
import { largestTree } from "./maximum.ts";
import {
  changeOfMean,
  FARTHEST,
  isConnected,
  isEdge,
  isNumeric,
  isSingle,
  keysOf,
  meanOf,
  nothing,
  originOf,
  type Pass,
  passOf,
  problemOf,
} from "./pass.ts";
import { type Logarithm, logarithmOf, plainLogarithm } from "./scaled.ts";

/** The logarithm of the sum over all trees, `[...]`; without a gradient, it takes half of the time. */
export function logPartition(frame: Frame, logits: np.Array, hasGradient: boolean): np.Array {
  if (isSingle(logits)) return sumOver(nothing(logits));
  const keys = keysOf(frame, logits.ref);
  const pass = passOf(frame, keys.ref);
  const count = logits.shape.at(-1)! - 1;
  const value = plainOf(pass.logSum).add(np.squeeze(pass.origin.ref, [-1, -2]).mul(count));
  return ifLawful(hasGradient ? value.add(changeOf(pass, keys, meanOf(pass))) : value, pass, logits);
}

/** The mean of a draw, `[..., n, n]`; without a gradient, it takes less time. */
export function marginals(frame: Frame, logits: np.Array, hasGradient: boolean): np.Array {
  if (isSingle(logits)) return nothing(logits);
  return ifNumeric(frame, meanOfKeys(frame, keysOf(frame, logits.ref), hasGradient), logits);
}

/** The mean of keys over a temperature; NaN where there is no tree. */
export function relaxed(frame: Frame, logits: np.Array, temperature: np.Array, hasGradient: boolean): np.Array {
  if (isSingle(logits)) return nothing(logits);
  const keys = keysOf(frame, logits);
  const distance = tempered(keys.ref, originOf(keys.ref), inverseOf(temperature));
  return meanOfKeys(frame, np.where(isEdge(keys), np.maximum(distance, -FARTHEST), LOWEST), hasGradient);
}

/** The same, NaN also where logits or temperature are none. */
export function softMode(frame: Frame, logits: np.Array, temperature: np.Array, hasGradient: boolean): np.Array {
  const mean = relaxed(frame, logits.ref, temperature.ref, hasGradient);
  return np.where(isTemperature(temperature), ifNumeric(frame, mean, logits), Number.NaN);
}

function meanOfKeys(frame: Frame, keys: np.Array, hasGradient: boolean): np.Array {
  const pass = passOf(frame, keys.ref);
  const mean = meanOf(pass);
  const withGradient = hasGradient ? mean.add(changeOfMean(pass, keys.ref.sub(lax.stopGradient(keys)))) : mean;
  return np.where(besideMatrix(pass.isConnected), withGradient, Number.NaN);
}

/** The log-probability of values, `[...]`. */
export function logProb(frame: Frame, value: np.Array, logits: np.Array): np.Array {
  const [v, l] = np.broadcastArrays(value, logits) as [np.Array, np.Array];
  const isTree = frame.isTree(v.ref);
  if (isSingle(l)) return ifTree(sumOver(nothing(l)), v, isTree);
  const keys = keysOf(frame, l.ref);
  const pass = passOf(frame, keys.ref);
  const isTaken = v.ref.greater(0.5);
  const isPossible = np.all(np.where(isTaken.ref, isEdge(keys.ref), true), [-1, -2]);
  const taken = (x: np.Array) => sumOver(np.where(isTaken.ref, x, 0)).mul(1 / frame.entries);
  const { rest, exponent } = logarithmOf(pass.distance.ref);
  const logP = plainLogarithm(taken(rest).sub(pass.logSum.rest.ref), taken(exponent).sub(pass.logSum.exponent.ref));
  const withGradient = logP.add(changeOf(pass, keys, v.ref.sub(meanOf(pass))));
  return ifLawful(ifTree(withGradient, v, isTree.mul(isPossible)), pass, l);
}

/** The entropy, `[...]`. */
export function entropy(frame: Frame, logits: np.Array): np.Array {
  if (isSingle(logits)) return sumOver(nothing(logits));
  const keys = keysOf(frame, logits.ref);
  const pass = passOf(frame, keys.ref);
  const mean = meanOf(pass);
  const distance = felt(mean, pass.distance);
  const { rest, exponent } = logarithmOf(distance.ref);
  const meanOver = (x: np.Array) => sumOver(mean.ref.mul(x)).mul(1 / frame.entries);
  const value = plainLogarithm(
    pass.logSum.rest.ref.sub(meanOver(rest)),
    pass.logSum.exponent.ref.sub(meanOver(exponent)),
  );
  const slope = np.negative(changeOfMean(pass, distance));
  return ifLawful(notNegative(value).add(changeOf(pass, keys, slope)), pass, logits);
}

/** Marginals below are those of rounding, and numbers beyond are so large that rounding would be seen in their mean. */
const [SMALLEST_MARGINAL, FELT] = [1e-6, 1e3];

/** What a mean over edges is of, but 0 for large numbers of edges that are hardly ever taken. */
function felt(mean: np.Array, x: np.Array): np.Array {
  const isRounding = mean.ref.less(SMALLEST_MARGINAL).mul(np.absolute(x.ref).greater(FELT));
  return np.where(isRounding, 0, x);
}

/** The divergence from the uniform law, `[...]`. */
export function klToUniform(frame: Frame, logits: np.Array): np.Array {
  const n = logits.shape.at(-1)!;
  return notNegative(np.subtract(frame.logCount(n), entropy(frame, logits)));
}

/** The divergence from the law of a prior, `[...]`. */
export function kl(frame: Frame, logits: np.Array, prior: np.Array): np.Array {
  const [l, q] = np.broadcastArrays(logits, prior) as [np.Array, np.Array];
  if (isSingle(l)) return sumOver(nothing(l).add(nothing(q)));
  const [keys, priorKeys] = [keysOf(frame, l.ref), keysOf(frame, q.ref)];
  const [pass, priorPass] = [passOf(frame, keys.ref), passOf(frame, priorKeys.ref)];
  const [mean, priorMean] = [meanOf(pass), meanOf(priorPass)];
  const isMissing = np.any(np.where(isEdge(priorKeys.ref), 0, mean.ref).greater(0), [-1, -2]);
  const apart = np.where(isEdge(priorKeys.ref), pass.distance.ref.sub(priorPass.distance.ref), 0);
  const ofEdges = felt(mean, np.where(isEdge(keys.ref), apart, 0));
  const logRatio = plainLogarithm(
    pass.logSum.rest.ref.sub(priorPass.logSum.rest.ref),
    pass.logSum.exponent.ref.sub(priorPass.logSum.exponent.ref),
  );
  const ofMean = sumOver(mean.ref.mul(ofEdges.ref)).mul(1 / frame.entries);
  const value = notNegative(ofMean.sub(logRatio));
  const byLaw = changeOf(pass, keys, changeOfMean(pass, ofEdges));
  const byPrior = changeOf(priorPass, priorKeys, priorMean.sub(mean));
  const divergence = np.where(isMissing, Number.POSITIVE_INFINITY, value).add(byLaw).add(byPrior);
  return ifLawful(ifLawful(divergence, priorPass, q), pass, l);
}

/** An exact draw, `[..., n, n]`. */
export function sample(frame: Frame, key: np.Array, logits: np.Array): np.Array {
  if (isSingle(logits)) return nothing(logits);
  const pass = passOf(frame, keysOf(frame, logits.ref));
  const { steps, batch } = pass;
  const count = batch.reduce((a, b) => a * b, 1);
  const uniforms = uniformFromBits(random.bits(key, [countUniforms(steps.length), count]));
  return ifLawful(inRows(frame.edgesOf(drawn(steps, uniforms)), batch), pass, logits);
}

/** The tree with the largest sum of logits, `[..., n, n]`; NaN where there is no tree. */
export function largest(frame: Frame, logits: np.Array): np.Array {
  if (isSingle(logits)) return nothing(logits);
  const problem = problemOf(frame, keysOf(frame, logits));
  const { pointers, size } = largestTree(problem.logarithms);
  const tree = inRows(frame.edgesOf(pointers), problem.batch);
  return np.where(besideMatrix(isConnected(problem, size)), tree, Number.NaN);
}

/** Numbers or matrices of logits, but NaN where one of those is none. */
export function ifNumeric(frame: Frame, x: np.Array, logits: np.Array): np.Array {
  const isKnown = isNumeric(frame, logits);
  return np.where(x.ndim > isKnown.ndim ? besideMatrix(isKnown) : isKnown, x, Number.NaN);
}

function ifTree(logP: np.Array, value: np.Array, isTree: np.Array): np.Array {
  const isKnown = np.all(isNumber(value), [-1, -2]);
  return np.where(isKnown, np.where(isTree, logP, Number.NEGATIVE_INFINITY), Number.NaN);
}

/** The same, and NaN where there is no tree. */
function ifLawful(x: np.Array, { frame, isConnected }: Pass, logits: np.Array): np.Array {
  const connected = x.ndim > isConnected.ndim ? besideMatrix(isConnected.ref) : isConnected.ref;
  return ifNumeric(frame, np.where(connected, x, Number.NaN), logits);
}

/** 0, with a gradient of its own by each edge, `[..., n, n]`. */
function changeOf({ frame }: Pass, keys: np.Array, gradient: np.Array): np.Array {
  const change = keys.ref.sub(lax.stopGradient(keys));
  return sumOver(change.mul(lax.stopGradient(gradient))).mul(1 / frame.entries);
}

function plainOf({ rest, exponent }: Logarithm): np.Array {
  return plainLogarithm(rest.ref, exponent.ref);
}

function sumOver(matrix: np.Array): np.Array {
  return matrix.sum([-1, -2]);
}
