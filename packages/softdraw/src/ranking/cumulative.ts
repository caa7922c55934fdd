/** Sums of the entries up to each. */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { column } from "../rows.ts";

/** Longer rows are summed in two steps. */
const SHORT = 64;

/** Sums of the entries up to each, or from each on. */
export type Direction = "forward" | "backward";

/**
 * The sums of the entries of `[..., n]` up to each of them, or from each on, by products with triangular matrices; those of a
 * long row in blocks, so that it takes `n sqrt(n)` operations. Nothing is taken off a sum, so that sums of what is not
 * negative have all their digits.
 *
 * Upstream: there are no loops (`scan`), and the engine's `cumsum` goes through up to 512 numbers for each of a row.
 */
export function cumulative(x: np.Array, direction: Direction): np.Array {
  const n = x.shape.at(-1)!;
  if (n <= SHORT) return sums(x.reshape([-1, n]), direction, 0).reshape(x.shape);
  const width = 4 * Math.ceil(Math.sqrt(n) / 4);
  const height = Math.ceil(n / width);
  const rows = np.pad(x.reshape([-1, n]), [
    [0, 0],
    [0, height * width - n],
  ]);
  const inBlocks = sums(rows.reshape([-1, width]), direction, 0).reshape([-1, height, width]);
  const last = direction === "forward" ? width - 1 : 0;
  const ofBlocks = np.squeeze(inBlocks.ref.slice([], [], [last, last + 1]), -1);
  const all = inBlocks.add(column(sums(ofBlocks, direction, 1))).reshape([-1, height * width]);
  return all.slice([], [0, n]).reshape(x.shape);
}

/** The sums of the entries of `[m, n]` up to each of them, or up to that many before it. */
function sums(x: np.Array, direction: Direction, distance: 0 | 1): np.Array {
  const n = x.shape[1]!;
  const isSummed = Float32Array.from({ length: n * n }, (_, i) => {
    const [entry, of] = [Math.floor(i / n), i % n];
    return (direction === "forward" ? of - entry : entry - of) >= distance ? 1 : 0;
  });
  return np.matmul(materialize(x), np.array(isSummed, { shape: [n, n] }));
}
