/**
 * Projections onto the permutahedron of some numbers w, the convex hull of all orders of them: `argmin |z - y|^2 / 2` over
 * y in it. With z and w descending it is `z - v`, v the isotonic regression of `z - w`: the descending numbers that are
 * nearest. These are constant in blocks, with the mean of `z - w` in each.
 *
 * A block ends at i where no mean of `z - w` over neighbours that end with i is below one over those that begin after it.
 * So no loop goes through the entries, as pooling adjacent violators would: each decides for itself, of the sums of its
 * differences from the entries on either side.
 *
 * Blondel, Teboul, Berthet, Djolonga, "Fast Differentiable Sorting and Ranking", 2020.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { indicator } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { inverseOf } from "../tempered.ts";
import { cumulative } from "./cumulative.ts";
import { sorted } from "./order.ts";
import { besideTable, placesOf } from "./tables.ts";

/**
 * The ranks of the entries of x, from 0 for the largest, by projection of `-x / temperature` onto the permutahedron of
 * `0, ..., n - 1`. `[..., n]`; they sum to `n (n - 1) / 2`.
 */
export function projectedRanks(x: np.Array, temperature: np.Array): np.Array {
  const n = x.shape.at(-1)!;
  const inverse = inverseOf(temperature);
  const { values, ranks } = sorted(x.ref);
  const places = placesOf(values.ref).astype(np.float32);
  const apart = differences(values).mul(besideTable(lax.stopGradient(inverse.ref)));
  // Entries that are farther apart than the ranks are never in one block.
  const blocks = blocksOf(np.clip(apart, -4 * n, 4 * n).add(differences(places.ref)), places);
  const ofEntries = np.takeAlongAxis(blocks, ranks.ref, -1);
  const isTogether = indicator(column(ofEntries.ref).equal(row(ofEntries)));
  const further = row(ranks.astype(np.float32)).add(differences(x).mul(besideTable(inverse)));
  return np.where(isTogether.ref.greater(0), further, 0).sum(-1).div(isTogether.sum(-1));
}

/**
 * The entries of x, descending, by projection of `(n - 1, ..., 0) / temperature` onto the permutahedron of x. `[..., n]`;
 * they have the sum of x.
 */
export function projectedSort(x: np.Array, temperature: np.Array): np.Array {
  const inverse = inverseOf(temperature);
  const { values, ranks } = sorted(x.ref);
  const places = placesOf(values.ref).astype(np.float32);
  const fixed = besideTable(lax.stopGradient(inverse.ref));
  const apart = np.negative(differences(places.ref).mul(fixed)).sub(differences(values));
  const blocks = blocksOf(apart, places.ref);
  const isOfBlock = column(blocks.ref).equal(row(np.takeAlongAxis(blocks.ref, ranks, -1)));
  const isTogether = indicator(column(blocks.ref).equal(row(blocks)));
  const further = materialize(isTogether.ref.mul(differences(places)).sum(-1));
  const total = np.where(isOfBlock, row(x), 0).sum(-1);
  return total.add(further.mul(inverse)).div(isTogether.sum(-1));
}

/** Row i has how far each number is above the i-th. */
function differences(x: np.Array): np.Array {
  return row(x.ref).sub(column(x));
}

/** The number of means that there are none of is beyond all others. */
const NONE = 1e36;

/**
 * To which block each place belongs: the numbers of blocks, ascending, without a gradient.
 *
 * @param above how far the numbers `z - w` are above each, `[..., n, n]`, consumed
 * @param places their numbers, `[..., n]`, consumed
 */
function blocksOf(above: np.Array, places: np.Array): np.Array {
  const table = materialize(lax.stopGradient(above));
  const distance = differences(places);
  const isAfter = () => distance.ref.greater(0);
  const sumsAfter = cumulative(np.where(isAfter(), table.ref, 0), "forward");
  const sumsBefore = cumulative(np.where(isAfter(), 0, table), "backward");
  const meanAfter = sumsAfter.div(np.maximum(distance.ref, 1));
  const meanBefore = sumsBefore.div(np.maximum(np.subtract(1, distance.ref), 1));
  const highestAfter = np.max(np.where(isAfter(), meanAfter, -NONE), -1);
  const lowestBefore = np.min(np.where(isAfter(), NONE, meanBefore), -1);
  distance.dispose();
  const isLast = materialize(indicator(lowestBefore.greaterEqual(highestAfter)));
  return cumulative(isLast.ref, "forward").sub(isLast);
}
