/**
 * Which logits have a law. A draw from logits that have none is NaN, and not a plausible answer: so a choice from what
 * another computation spoilt shows, as it does in arithmetic.
 *
 * Upstream: on WebGPU no comparison tells NaN from a number, and the larger of NaN and a number is the number. So NaN is
 * recognized by its bits.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { indicator, LOWEST } from "./numerics.ts";
import { column, sumOfRow } from "./rows.ts";

/** The bits of Infinity. Those of NaN are above them, but for the sign. */
const INFINITY_BITS = 0x7f800000;

/** Taken off a number of entries for each one that has no meaning. No row of float32 counts has more entries. */
const SPOILT = 2 ** 24;

/** Whether each entry is a number or infinite, and not NaN. Booleans of the same shape. */
export function isNumber(x: np.Array): np.Array {
  return np.where(isNaN(bitsOf(x)), false, true);
}

/** A result, but NaN where the number of `x` that it came from is NaN: not every function on the way keeps that. */
export function keepNaN(x: np.Array, result: np.Array): np.Array {
  return np.where(isNumber(x), result, Number.NaN);
}

/**
 * Whether k entries can be taken of each row: k are possible, and none is NaN or Infinity. Booleans `[..., 1]`.
 *
 * @param logits `[..., n]`, consumed
 */
export function canTake(logits: np.Array, k: number): np.Array {
  return countPossible(logits, -1).greaterEqual(k);
}

/**
 * Whether a value is k ones and zeros, without an impossible entry. Booleans `[..., 1]`.
 *
 * @param value `[..., n]`, consumed
 * @param logits `[..., n]`, consumed
 */
export function canBe(value: np.Array, logits: np.Array, k: number): np.Array {
  const isKnown = isNumber(value.ref);
  const ofOne = np.where(lax.stopGradient(logits).greater(LOWEST), 1, -SPOILT);
  const ofOther = np.where(value.ref.equal(0), 0, -SPOILT);
  const taken = np.where(isKnown, np.where(value.equal(1), ofOne, ofOther), -SPOILT);
  return taken.sum(-1, { keepdims: true }).equal(k);
}

/**
 * The log-probability of a set of k, `[...]`: -Infinity where the value is no such set or takes an impossible entry, NaN where it, or the
 * logits, have no meaning.
 *
 * @param khot `[..., n]`, consumed
 * @param logits `[..., n]`, consumed
 */
export function ofSubset(logP: np.Array, khot: np.Array, logits: np.Array, k: number): np.Array {
  const isNumberInAll = np.all(isNumber(khot.ref), -1);
  const isSubset = np.squeeze(canBe(khot, logits.ref, k), -1);
  const value = np.where(isSubset, logP, Number.NEGATIVE_INFINITY);
  return orNaN(np.where(isNumberInAll, value, Number.NaN), logits, k);
}

/**
 * A number of each row, `[...]`, but NaN where k entries cannot be taken of the row.
 *
 * @param logits `[..., n]`, consumed
 */
export function orNaN(x: np.Array, logits: np.Array, k: number): np.Array {
  return np.where(np.squeeze(canTake(logits, k), -1), x, Number.NaN);
}

/**
 * Whether a permutation can be: every row and every column has a possible entry, and none is NaN or Infinity. This does
 * not tell whether those can be taken all at once. Booleans `[..., 1, 1]`.
 *
 * @param logits `[..., n, n]`, consumed
 */
export function canPermute(logits: np.Array): np.Array {
  const fewest = (axis: -1 | -2) => np.min(countPossible(logits.ref, axis), [-1, -2], { keepdims: true });
  const [ofRows, ofColumns] = [fewest(-1), fewest(-2)];
  logits.dispose();
  return np.minimum(ofRows, ofColumns).greater(0);
}

/** The number of possible entries along an axis, which is kept; negative where one has no meaning. */
export function countPossible(logits: np.Array, axis: -1 | -2): np.Array {
  const bits = bitsOf(logits.ref);
  const isSpoilt = isNaN(bits.ref).add(bits.equal(integer(INFINITY_BITS, logits)));
  const isPossible = indicator(lax.stopGradient(logits).greater(LOWEST));
  const counted = np.where(isSpoilt, -SPOILT, isPossible);
  return axis === -1 ? column(sumOfRow(counted)) : counted.sum(axis, { keepdims: true });
}

function bitsOf(x: np.Array): np.Array {
  return lax.bitcastConvertType(lax.stopGradient(x).astype(np.float32), np.int32);
}

/** The sign is the first bit, so as whole numbers the bits of the absolute value are the larger ones of both signs'. */
function isNaN(bits: np.Array): np.Array {
  const ofAbsolute = np.maximum(bits.ref, bits.ref.sub(integer(-0x80000000, bits)));
  return ofAbsolute.greater(integer(INFINITY_BITS, bits));
}

/** A plain number would enter as float32. */
function integer(value: number, beside: np.Array): np.Array {
  return np.array(value, { dtype: np.int32, device: beside.device });
}
