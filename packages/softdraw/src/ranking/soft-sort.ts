/**
 * SoftSort: row r is the softmax of `-|s_r - s_j| / T` of keys s, with s_r the key of rank r.
 *
 * Prillo, Eisenschlos, "SoftSort: A Continuous Relaxation for the argsort Operator", 2020.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { LOWEST } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { inverseOf } from "../tempered.ts";
import { sorted } from "./order.ts";
import { besideTable, FAR, softmaxOfRows } from "./tables.ts";

/**
 * A relaxed order, `[..., n, n]`, whose rows sum to 1.
 *
 * @param keys with `LOWEST` for an impossible entry, consumed
 */
export function softSort(keys: np.Array, temperature: np.Array): np.Array {
  const { values, ranks } = sorted(keys.ref);
  values.dispose();
  const isOfRank = row(ranks).equal(column(np.arange(keys.shape.at(-1)!)));
  const inOrder = materialize(np.where(isOfRank, row(keys.ref), 0).sum(-1));
  const isOneLost = row(keys.ref.greater(LOWEST)).notEqual(column(inOrder.ref.greater(LOWEST)));
  const distance = np.absolute(column(inOrder).sub(row(keys)));
  const below = np.minimum(distance.mul(besideTable(inverseOf(temperature))), FAR);
  return softmaxOfRows(np.negative(np.where(isOneLost, FAR, below)));
}
