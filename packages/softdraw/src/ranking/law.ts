/**
 * The law of Plackett and Luce of whole orders: its probabilities, and the perturbed logits of a draw whose order is
 * known. Both need the logarithms of what is left at each rank, the weight of the entries from there on.
 */

import { lax, numpy as np, random } from "@jax-js/jax";
import { isNumber } from "../lawful.ts";
import { materialize } from "../materialize.ts";
import { LOWEST, logarithm, logSumExp, relative } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { exponentialFromUniform, uniformFromBits } from "../uniforms.ts";
import { canBeOrder, canOrder } from "./order.ts";
import { placesOf } from "./tables.ts";

/**
 * The log-probability of an order: `sum_r (s_r - logsumexp of s_r, ..., s_n)`, s the logits in that order. The last
 * entry has no other to be compared with, and counts nothing.
 */
export function logProbOf(matrix: np.Array, logits: np.Array): np.Array {
  const n = matrix.shape.at(-1)!;
  const inOrder = ordered(matrix.ref, relative(logits.ref));
  const left = logLeft(inOrder.ref);
  const logP = np.where(placesOf(left.ref).less(n - 1), inOrder.sub(left), 0).sum(-1);
  const isNumberInAll = np.all(isNumber(matrix.ref), [-1, -2]);
  const isOrder = np.squeeze(canBeOrder(matrix, logits.ref), -1);
  const value = np.where(isOrder, logP, Number.NEGATIVE_INFINITY);
  return np.where(np.squeeze(canOrder(logits), -1), np.where(isNumberInAll, value, Number.NaN), Number.NaN);
}

/**
 * Keys with noise, of which the order is a given one. Seen as the times at which entries come, `-log` of which they are:
 * the wait from one to the next is exponential, of the rate of all that is left, and independent of the former ones. So
 * the time of rank r is the sum of r waits.
 *
 * Gadetsky, Struminsky, Robinson, Quadrianto, Vetrov, "Low-Variance Black-Box Gradient Estimates for the Plackett-Luce
 * Distribution", 2020.
 */
export function withOrder(key: np.Array, matrix: np.Array, keys: np.Array): np.Array {
  const v = uniformFromBits(random.bits(key, keys.shape));
  const logWait = logarithm(exponentialFromUniform(v));
  const left = logLeft(ordered(matrix.ref, keys));
  const inOrder = descending(np.negative(logSumOfEarlier(materialize(logWait.sub(left)))));
  return column(inOrder).mul(matrix).sum(-2);
}

/** Entries in the order of a matrix, `[..., n]`. */
function ordered(matrix: np.Array, entries: np.Array): np.Array {
  return matrix.mul(row(entries)).sum(-1);
}

/** Of each rank the logarithm of the sum of `exp` from there on. */
function logLeft(inOrder: np.Array): np.Array {
  const ranks = placesOf(inOrder.ref);
  const isLater = row(ranks.ref).greaterEqual(column(ranks));
  return logSumExp(np.where(isLater, row(inOrder), LOWEST));
}

/** Of each rank the logarithm of the sum of `exp` up to there. */
function logSumOfEarlier(x: np.Array): np.Array {
  const ranks = placesOf(x.ref);
  const isEarlier = row(ranks.ref).lessEqual(column(ranks));
  return logSumExp(np.where(isEarlier, row(x), LOWEST));
}

/** The least distance of numbers that follow each other, as a share of them: so the rounding of none makes them equal. */
const LEAST_SHARE = 2 ** -22;

/** The least distance near 0. */
const LEAST_DISTANCE = 2 ** -100;

/**
 * Numbers that fall from rank to rank, where float32 would have them equal, too: each is below all former ones by as many
 * least distances as it is ranks away. The gradient is that of the numbers as they came.
 */
function descending(x: np.Array): np.Array {
  const fixed = lax.stopGradient(x.ref);
  const ranks = np.arange(fixed.shape.at(-1)!);
  const distance = np.maximum(np.absolute(fixed.ref).mul(LEAST_SHARE), LEAST_DISTANCE);
  const later = column(ranks.ref).sub(row(ranks)).astype(np.float32);
  const below = row(fixed.ref).sub(later.ref.mul(row(distance)));
  const highest = np.min(np.where(later.greaterEqual(0), below, -LOWEST), -1);
  return highest.add(x.sub(fixed));
}
