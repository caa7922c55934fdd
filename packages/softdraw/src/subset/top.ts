/** The k largest entries along the last axis, the first of equals: what every exact draw of a subset comes down to. */

import { numpy as np } from "@jax-js/jax";
import { indicator } from "../numerics.ts";
import { largestFirst, sort } from "../sorting.ts";

interface Largest {
  /** `[..., k]`, descending. */
  values: np.Array;
  /** int32 `[..., k]`. */
  indices: np.Array;
}

/** The k-hot vector of the k largest entries, float32 `[..., n]`. */
export function hotOfLargest(x: np.Array, k: number): np.Array {
  const { values, indices } = largest(x.ref, k);
  const least = lastOf(values);
  const isAbove = indicator(x.ref.greater(least.ref));
  const isEqual = indicator(x.ref.equal(least));
  const isInTime = indicator(np.arange(x.shape.at(-1)!).lessEqual(lastOf(indices)));
  x.dispose();
  return isAbove.add(isEqual.mul(isInTime));
}

/** The indices of the k largest entries, int32 `[..., k]`, the largest first. */
export function indicesOfLargest(x: np.Array, k: number): np.Array {
  const { values, indices } = largest(x, k);
  values.dispose();
  return indices;
}

function largest(x: np.Array, k: number): Largest {
  if (isShort(x, k)) return sorted(x, k);
  const members = setOfLargest(x.ref, k);
  const { values, indices } = sorted(entriesAt(x, members.ref), k);
  return { values, indices: entriesAt(members, indices) };
}

/**
 * The indices of the k largest entries, int32 `[..., k]`, ascending.
 *
 * The k largest of many are in the k rows with the largest maxima, if they are laid out in rows. So only those rows,
 * about `sqrt(n k)` entries, are looked at closer: the engine's `topK` sorts all of them. Of rows that tie, the first
 * has the first entries.
 */
function setOfLargest(x: np.Array, k: number): np.Array {
  if (isShort(x, k)) return setBySorting(x, k);
  const n = x.shape.at(-1)!;
  const width = Math.floor(Math.sqrt(n / k));
  const candidates = indicesInLargest(-1, inTable(x.ref, Math.floor(n / width), width), k, n);
  return entriesAt(candidates, setOfLargest(entriesAt(x, candidates.ref), k));
}

/** Whether all entries may as well be sorted. If not, there are more than k rows. */
function isShort(x: np.Array, k: number): boolean {
  return x.shape.at(-1)! < 16 * Math.max(k, 16);
}

/** The first entries of `[..., n]` as a table `[..., height, width]`, row after row. */
export function inTable(x: np.Array, height: number, width: number): np.Array {
  return part(x, 0, height * width).reshape([...x.shape.slice(0, -1), height, width]);
}

/**
 * The indices, ascending, of all entries in the rows (axis -1) or the columns (axis -2) with the largest maxima, and of
 * those of n entries that are not in the table.
 *
 * @param table `[..., height, width]`, consumed
 * @param count how many rows or columns
 */
export function indicesInLargest(axis: -1 | -2, table: np.Array, count: number, n: number): np.Array {
  const [height = 0, width = 0] = table.shape.slice(-2);
  const lines = np.expandDims(setOfLargest(np.max(table, axis), count), axis);
  const inside =
    axis === -1
      ? lines.mul(np.array(width, { dtype: np.int32 })).add(range(0, width))
      : lines.add(np.expandDims(range(0, height * width, width), -1));
  const batch = lines.shape.slice(0, -2);
  const outside = np.broadcastTo(range(height * width, n), [...batch, n - height * width]);
  return np.concatenate([inside.reshape([...batch, -1]), outside], -1);
}

/** The entries at some indices, `[..., m]` for int32 `[..., m]`. */
export function entriesAt(x: np.Array, indices: np.Array): np.Array {
  return np.takeAlongAxis(x, indices, -1);
}

/**
 * As `sorted`, several times as fast.
 *
 * Upstream: `topK` sorts all numbers with their indices, which takes longer than sorting the numbers alone.
 */
function setBySorting(x: np.Array, k: number): np.Array {
  const n = x.shape.at(-1)!;
  const least = part(sort(x.ref), n - k, n - k + 1);
  const [above, equal] = [-n, 0].map((first) => range(first, first + n));
  // Indices less n of what is above, in front of indices of its equals, in front of the others.
  const isAbove = x.ref.greater(least.ref);
  const order = np.where(isAbove, above!, np.where(x.equal(least), equal!, n));
  const first = part(sort(order), 0, k);
  return integers(sort(np.where(first.ref.less(0), first.ref.add(n), first)));
}

function sorted(x: np.Array, k: number): Largest {
  const [values, indices] = largestFirst(x, k);
  return { values, indices: integers(indices) };
}

/**
 * Whole numbers as indices, by way of float32.
 *
 * Upstream: under `vmap` and `grad`, integers that were computed with JavaScript's numbers become float32, while they are
 * said to be integers; and what gathers takes integers alone.
 */
function integers(x: np.Array): np.Array {
  return x.astype(np.float32).astype(np.int32);
}

/** Whole numbers from one to before another, as indices. */
function range(from: number, to: number, step = 1): np.Array {
  return np.arange(from, to, step, { dtype: np.int32 });
}

/** From one to before another entry of the last axis. */
function part(x: np.Array, from: number, to: number): np.Array {
  return x.slice(...x.shape.slice(0, -1).map((): [] => []), [from, to]);
}

/** The last entry along the last axis, `[..., 1]`. */
function lastOf(x: np.Array): np.Array {
  const k = x.shape.at(-1)!;
  return part(x, k - 1, k);
}
