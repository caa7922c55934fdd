/** Sums of the entries up to each. */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { column } from "../rows.ts";

/** Longer rows are summed in two steps. */
const SHORT = 64;

/**
 * The sums of the entries of `[..., n]` up to each of them, by products with triangular matrices; those of a long row in
 * blocks, so that it takes `n sqrt(n)` operations. Nothing is taken off a sum, so that sums of what is not negative have
 * all their digits.
 *
 * Upstream: there are no loops (`scan`), and the engine's `cumsum` takes n^2 operations for a row.
 */
export function cumulative(x: np.Array): np.Array {
  const n = x.shape.at(-1)!;
  if (n <= SHORT) return sums(x.reshape([-1, n]), 0).reshape(x.shape);
  const width = 4 * Math.ceil(Math.sqrt(n) / 4);
  const height = Math.ceil(n / width);
  const rows = np.pad(x.reshape([-1, n]), [
    [0, 0],
    [0, height * width - n],
  ]);
  const inBlocks = materialize(sums(rows.reshape([-1, width]), 0).reshape([-1, height, width]));
  const ofBlocks = np.squeeze(inBlocks.ref.slice([], [], [width - 1, width]), -1);
  const all = inBlocks.add(column(sums(ofBlocks, -1))).reshape([-1, height * width]);
  return all.slice([], [0, n]).reshape(x.shape);
}

/** Of each entry of `[m, n]` the sum of those up to it (0), or up to the one before (-1). */
function sums(x: np.Array, last: 0 | -1): np.Array {
  const n = x.shape[1]!;
  return np.matmul(x, np.swapaxes(np.tri(n, n, last), 0, 1));
}
