/**
 * Products and sums over very many rows, in parts on a graphics card.
 *
 * The gradient of a weight is a sum over the rows that it multiplied, and often there are few weights. On a card each of its
 * numbers is summed by one thread, row after row, and most of the card waits. So the rows are cut into parts that are
 * summed side by side, and then the sums of the parts are summed. The weight is repeated for every part: the gradient of that
 * repetition is the second sum.
 *
 * On other devices nothing is cut: a processor has few threads.
 *
 * Upstream: on WebGPU a sum has one thread for each of its results, however long it is, or at most 16.
 *
 * @module
 */

import { defaultDevice, numpy as np } from "@jax-js/jax";
import { shapeOf } from "./shapes.ts";

/** Fewer rows are not cut. The kernels for it would take longer than the sum. */
const LONG = 2048;

/** Numbers of an array that is repeated for every part: enough for all threads of a card, and 16 MB of its memory. */
const LARGEST = 2 ** 22;

/**
 * `x weight^T + bias`, `[rows, inputs]` and `[outputs, inputs]` to `[rows, outputs]`, where `bias`, `[outputs]`, may be missing. Both
 * factors are read along their rows. Consumes everything.
 *
 * Upstream: `lax.dot` reshapes what it multiplies, and a reshaped array that is read twice becomes a copy.
 */
export function product(x: np.Array, weight: np.Array, bias?: np.Array): np.Array {
  const [rows, inputs] = shapeOf(x, 2);
  const parts = partsOf(rows, weight.size);
  if (parts === 1) return plus(np.vecdot(x.reshape([rows, 1, inputs]), weight), bias);
  const outputs = weight.shape[0]!;
  const products = np.vecdot(x.reshape([parts, rows / parts, 1, inputs]), repeated(weight, parts));
  return plus(products, bias && repeated(bias, parts)).reshape([rows, outputs]);
}

/**
 * What a function makes of `x`, `[..., n]`, and of vectors `[n]`, entry by entry. It gets them in shapes that broadcast with each
 * other. Consumes everything.
 */
export function alongRows(
  x: np.Array,
  vectors: readonly np.Array[],
  f: (x: np.Array, vectors: np.Array[]) => np.Array,
): np.Array {
  const n = x.shape.at(-1)!;
  const parts = partsOf(x.size / n, n);
  if (parts === 1) return f(x, [...vectors]);
  const shape = x.shape;
  return f(
    inParts(x, parts),
    vectors.map((vector) => repeated(vector, parts)),
  ).reshape(shape);
}

/** The mean of all rows, `[..., n]` to `[n]`. */
export function meanOfRows(x: np.Array): np.Array {
  const n = x.shape.at(-1)!;
  const parts = partsOf(x.size / n, n);
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  return parts === 1 ? np.mean(x, leading) : np.mean(np.mean(inParts(x, parts), 1), 0);
}

/** `[..., n]` to `[parts, rows, n]`. */
function inParts(x: np.Array, parts: number): np.Array {
  const n = x.shape.at(-1)!;
  return x.reshape([parts, x.size / n / parts, n]);
}

/**
 * Parts into which so many rows are cut, all of them as long; 1 for no cut. Of the divisors the one nearest to the root of the
 * rows, with which both sums are equally long.
 *
 * @param size numbers of what is repeated for every part
 */
function partsOf(rows: number, size: number): number {
  if (rows < LONG || !isOnCard()) return 1;
  const root = Math.sqrt(rows);
  const most = Math.min(2 * root, LARGEST / size);
  const divisors = Array.from({ length: Math.floor(most) }, (_, i) => i + 1).filter((parts) => rows % parts === 0);
  const distance = (parts: number) => Math.abs(Math.log(parts / root));
  return divisors.reduce((best, parts) => (distance(parts) < distance(best) ? parts : best), 1);
}

/**
 * Whether a graphics card computes. The default device says so when a function is traced; on another device, what was traced
 * stays right.
 *
 * Upstream: inside `jit`, `grad` and `vmap` an array does not know its device.
 */
function isOnCard(): boolean {
  return defaultDevice() === "webgpu";
}

/** `[...shape]` to `[parts, 1, ...shape]`. */
function repeated(x: np.Array, parts: number): np.Array {
  return np.broadcastTo(x, [parts, ...x.shape]).reshape([parts, 1, ...x.shape]);
}

function plus(x: np.Array, bias: np.Array | undefined): np.Array {
  return bias ? x.add(bias) : x;
}
