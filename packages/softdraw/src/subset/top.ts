/** The k largest entries along the last axis, the first of equals: what every exact draw of a subset comes down to. */

import { lax, numpy as np } from "@jax-js/jax";
import type { Array } from "../checks.ts";
import { LOWEST } from "../numerics.ts";

interface Largest {
  /** `[..., k]`, descending. */
  values: Array;
  /** int32 `[..., k]`. */
  indices: Array;
}

/** The k-hot vector of the k largest entries, float32 `[..., n]`. */
export function hotOfLargest(x: Array, k: number): Array {
  const { values, indices } = largest(x.ref, k);
  const least = lastOf(values);
  const isAbove = x.ref.greater(least.ref).astype(np.float32);
  const isEqual = x.ref.equal(least).astype(np.float32);
  const isInTime = np.arange(x.shape.at(-1)!).lessEqual(lastOf(indices)).astype(np.float32);
  x.dispose();
  return isAbove.add(isEqual.mul(isInTime));
}

/** The indices of the k largest entries, int32 `[..., k]`, the largest first. */
export function indicesOfLargest(x: Array, k: number): Array {
  const { values, indices } = largest(x, k);
  values.dispose();
  return indices;
}

/** The engine multiplies matrices fast where rows are a multiple of this long; smaller blocks save less than they cost. */
const GRANULE = 4;

function largest(x: Array, k: number): Largest {
  const size = GRANULE * Math.floor(Math.sqrt(x.shape.at(-1)! / k) / GRANULE);
  if (size > 0) return tournament(x, k, size);
  const [values, indices] = lax.topK(x, k);
  return { values, indices: integers(indices) };
}

/**
 * The k largest entries are in the k blocks with the largest maxima. So only those blocks, about `sqrt(n k)` entries,
 * are looked at closer: the engine sorts slowly.
 */
function tournament(x: Array, k: number, size: number): Largest {
  const blocks = inBlocks(x, size);
  const best = indicesOfLargest(np.max(blocks.ref, -1), k);
  // In ascending order, so that of equal candidates the first one is also the first in x.
  const chosen = np.expandDims(np.sort(best.astype(np.float32), -1), -1);
  const flat = [...chosen.shape.slice(0, -2), k * size];
  const candidates = np.takeAlongAxis(blocks, integers(chosen.ref), -2).reshape(flat);
  const origins = chosen.mul(size).add(np.arange(size)).reshape(flat);
  const { values, indices } = largest(candidates, k);
  return { values, indices: integers(np.takeAlongAxis(origins, indices, -1)) };
}

/**
 * Whole numbers as indices, by way of float32: under a transformation, integers that the engine has computed with
 * JavaScript's numbers turn out to be float32, and it gathers by integers alone.
 */
function integers(x: Array): Array {
  return x.astype(np.float32).astype(np.int32);
}

/** `[..., n]` as `[..., blocks, size]`, the last block filled with what is never among the largest. */
function inBlocks(x: Array, size: number): Array {
  const n = x.shape.at(-1)!;
  const batch = x.shape.slice(0, -1);
  const missing = (size - (n % size)) % size;
  const whole = missing === 0 ? x : np.concatenate([x, np.full([...batch, missing], 10 * LOWEST)], -1);
  return whole.reshape([...batch, (n + missing) / size, size]);
}

/** The last entry along the last axis, `[..., 1]`. */
function lastOf(x: Array): Array {
  const k = x.shape.at(-1)!;
  return x.slice(...x.shape.slice(0, -1).map((): [] => []), [k - 1, k]);
}
