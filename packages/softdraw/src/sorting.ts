/**
 * Sorting along the last axis.
 *
 * Upstream: on WebGPU the kernel that sorts a single entry does not compile.
 */

import { lax, numpy as np } from "@jax-js/jax";

/** The entries of `[..., n]`, ascending. */
export function sort(x: np.Array): np.Array {
  return hasOne(x) ? x : np.sort(x, -1);
}

/** The indices of the entries of `[..., n]` in ascending order, int32. */
export function sortingIndices(x: np.Array): np.Array {
  return hasOne(x) ? firstIndices(x) : np.argsort(x, -1);
}

/** The k largest entries of `[..., n]`, the largest first, and their indices, int32; both `[..., k]`. */
export function largestFirst(x: np.Array, k: number): [values: np.Array, indices: np.Array] {
  return hasOne(x) ? [x.ref, firstIndices(x)] : lax.topK(x, k);
}

function hasOne(x: np.Array): boolean {
  return x.shape.at(-1) === 1;
}

/** Zeros of the shape of an array, which is consumed. */
function firstIndices(x: np.Array): np.Array {
  const { shape } = x;
  x.dispose();
  return np.zeros(shape, { dtype: np.int32 });
}
