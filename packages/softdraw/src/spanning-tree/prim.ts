/** The spanning tree with the largest sum of keys, edge by edge: by comparisons alone, so that it is exact. */

import { lax, numpy as np } from "@jax-js/jax";
import { indicator, LOWEST } from "../numerics.ts";
import { column, matrixOfPlaces } from "../rows.ts";
import { besideMatrix, inColumns, inRows, UNDIRECTED } from "../trees/frame.ts";
import { isSingle, keysOf, nothing } from "../trees/pass.ts";

/**
 * A matrix `[..., n, n]`, of equals the first in the order of `support`: of equal edges the first row by row. NaN where
 * the edges do not connect all vertices.
 *
 * Prim, "Shortest Connection Networks and Some Generalizations", 1957.
 */
export function largestSpanningTree(logits: np.Array): np.Array {
  if (isSingle(logits)) return nothing(logits);
  const batch = logits.shape.slice(0, -2);
  const keys = inColumns(lax.stopGradient(keysOf(UNDIRECTED, logits)));
  const [n = 0, , count = 0] = keys.shape;
  const edges = edgeNumbers(n);
  let reached = np.broadcastTo(firstVertex(n), [n, count]);
  let tree = keys.ref.mul(0);
  let lowest = np.zeros([count]);
  for (let i = 1; i < n; i++) {
    const isBetween = np.expandDims(reached.ref, 1).greater(np.expandDims(reached.ref, 0));
    const key = np.where(isBetween.ref, keys.ref, LOWEST);
    const largest = np.max(key.ref, [0, 1]);
    lowest = i === 1 ? largest.ref : np.minimum(lowest, largest.ref);
    const isLargest = np.where(isBetween, key.equal(largest), false);
    const number = np.min(np.where(isLargest, edges.ref, n * n), [0, 1]);
    const taken = indicator(edges.ref.equal(number));
    reached = np.maximum(reached, np.max(taken.ref, 0));
    tree = tree.add(taken);
  }
  const isConnected = lowest.greater(LOWEST).reshape(batch);
  return np.where(besideMatrix(isConnected), inRows(tree, batch), Number.NaN);
}

/** The number of the edge of each entry, the same for both, row by row: `[n, n, 1]`. On the diagonal there is none. */
function edgeNumbers(n: number): np.Array {
  return column(matrixOfPlaces(n, (i, j) => (i === j ? -1 : Math.min(i, j) * n + Math.max(i, j))));
}

function firstVertex(n: number): np.Array {
  return column(np.array(Float32Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0))));
}
