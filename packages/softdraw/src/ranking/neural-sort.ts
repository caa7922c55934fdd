/**
 * NeuralSort: row r is the softmax of `((n + 1 - 2r) s_j - sum_k |s_j - s_k|) / T`, r from 1, of keys s.
 *
 * The largest exponent of row r is that of the key s_r of rank r. What another one is below it is a sum of distances,
 *
 *     |s_r - s_j| + 2 sum_k |s_k - s_j|   over the keys k that lie between the two,
 *
 * and is computed as such: keys that are far from each other then do not take the digits of those that are near. From
 * neighbour to neighbour, away from rank r, it grows by the gap between these two keys, times 1, 3, 5 and so on.
 *
 * Grover, Wang, Zweig, Ermon, "Stochastic Optimization of Sorting Networks via Continuous Relaxations", 2019.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { indicator, LOWEST } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { inverseOf } from "../tempered.ts";
import { cumulative } from "./cumulative.ts";
import { atEntries, sorted } from "./order.ts";
import { besideTable, FAR, placesOf, softmaxOfRows } from "./tables.ts";

/** A relaxed order, `[..., n, n]`, whose rows sum to 1. */
export function neuralSort(keys: np.Array, temperature: np.Array): np.Array {
  return softmaxOfRows(neuralSortExponents(keys, temperature));
}

/**
 * The exponents of its rows, `[..., n, n]`, with 0 the largest of each.
 *
 * @param keys with `LOWEST` for an impossible entry, consumed
 */
export function neuralSortExponents(keys: np.Array, temperature: np.Array): np.Array {
  const inverse = inverseOf(temperature);
  const fixedInverse = lax.stopGradient(inverse.ref);
  const { values, ranks } = sorted(keys.ref);
  const places = placesOf(values.ref);
  const below = materialize(atEntries(sumsOfGaps(gaps(values, fixedInverse.ref), places), ranks));
  // The value has no gradient: the order that it is computed in has none. It is put back: that by the temperature as a
  // factor of 1, that by the keys as a sum of 0.
  const rate = besideTable(inverse.ref.div(fixedInverse));
  return slopes(keys).mul(besideTable(inverse)).sub(below.mul(rate));
}

/** The gaps between neighbours in temperatures, no larger than `FAR`, `[..., n - 1]`. */
function gaps(values: np.Array, inverse: np.Array): np.Array {
  const n = values.shape.at(-1)!;
  const batch = values.shape.slice(0, -1).map((): [] => []);
  const [upper, lower] = [values.ref.slice(...batch, [0, n - 1]), values.slice(...batch, [1, n])];
  const isPossible = lower.ref.greater(LOWEST);
  return np.where(isPossible, np.minimum(upper.sub(lower).mul(inverse), FAR), FAR);
}

/** How far the exponents of ranks are below the largest of each row, `[..., n, n]`. */
function sumsOfGaps(gap: np.Array, places: np.Array): np.Array {
  const none = gap.shape.map((_, axis): [number, number] => (axis === gap.ndim - 1 ? [1, 0] : [0, 0]));
  const ofUpper = np.pad(gap.ref, none);
  const ofLower = np.pad(
    gap,
    none.map(([before, after]): [number, number] => [after, before]),
  );
  const distance = row(places.ref).sub(column(places)).astype(np.float32);
  const after = np.maximum(distance.ref.mul(2).sub(1), 0).mul(row(ofUpper));
  const before = np.maximum(distance.mul(-2).sub(1), 0).mul(row(ofLower));
  return materialize(cumulative(after, "forward").add(cumulative(before, "backward")));
}

/** `(n + 1 - 2r) s_j - sum_k |s_j - s_k|` of a change of the keys that is 0: its gradient. */
function slopes(keys: np.Array): np.Array {
  const n = keys.shape.at(-1)!;
  const fixed = lax.stopGradient(keys.ref);
  const change = keys.sub(fixed.ref);
  const isLess = indicator(row(fixed.ref).less(column(fixed.ref)));
  const isMore = indicator(row(fixed.ref).greater(column(fixed)));
  const sign = isLess.sub(isMore);
  const distances = materialize(sign.mul(column(change.ref).sub(row(change.ref))).sum(-1));
  const weights = placesOf(change.ref)
    .astype(np.float32)
    .mul(-2)
    .add(n - 1);
  return column(weights).mul(row(change)).sub(row(distances));
}
