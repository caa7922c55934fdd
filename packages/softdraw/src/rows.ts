/** Numbers of a row or a column of a matrix, beside its entries. */

import { defaultDevice, lax, numpy as np } from "@jax-js/jax";

/** Numbers of a row, `[...]`, as a column that broadcasts over its entries, `[..., n]`. */
export function column(x: np.Array): np.Array {
  return np.expandDims(x, -1);
}

/** Numbers of a column, `[..., n]`, as a row that broadcasts over its entries, `[..., m, n]`. */
export function row(x: np.Array): np.Array {
  return np.expandDims(x, -2);
}

/** 0, 1, 2 and so on, up to n - 1. Numbers of JavaScript take no kernel. */
export function numbersTo(n: number): np.Array {
  return np.array(Float32Array.from({ length: n }, (_, i) => i));
}

/** A matrix `[size, size]` of what is said of row i and column j. Numbers of JavaScript take no kernel. */
export function matrixOfPlaces(size: number, at: (i: number, j: number) => number): np.Array {
  const numbers = Float32Array.from({ length: size * size }, (_, place) => at(Math.floor(place / size), place % size));
  return np.array(numbers, { shape: [size, size] });
}

/** Ones on the diagonal and below it: a product with them has sums. The engine's `tri` takes kernels. */
export function belowDiagonal(size: number): np.Array {
  return matrixOfPlaces(size, (i, j) => (j <= i ? 1 : 0));
}

/** The largest entry of each row as a column, without a gradient: what a softmax takes off all entries, and does not feel. */
export function originOfRow(x: np.Array): np.Array {
  return column(lax.stopGradient(largestOfRow(x)));
}

/** A temperature that broadcasts over the entries of rows, one number or `[..., 1]`, as one that goes with the rows. */
export function ofRow(temperature: np.Array): np.Array {
  return temperature.ndim === 0 ? temperature : np.squeeze(temperature, -1);
}

/** A processor searches rows from here on in two steps, with so many numbers side by side. */
const LONG = 256;
const LANES = 4;

/**
 * The largest entry of each row. A long row is made columns first, which takes a third of the time.
 *
 * Upstream: four rows' entries are compared at a time if they lie side by side, but those of one row one by one.
 */
export function largestOfRow(x: np.Array): np.Array {
  const n = x.shape.at(-1)!;
  if (isOnCard()) {
    const columns = columnsOnCard(n, n);
    return columns === n ? np.max(x, -1) : largestOfRow(np.max(inColumns(x, columns), -2));
  }
  return n < LONG || n % LANES !== 0 ? np.max(x, -1) : np.max(np.max(inColumns(x, LANES), -2), -1);
}

/** A processor adds up so many numbers at a time, of a row of more than a thousand. */
const PART = 64;
const LONG_SUM = 1024;

/**
 * The sum of each row; on a graphics card in steps where one would keep few threads busy for long. A processor adds up the parts
 * of a long row, and then those sums: added one by one, 100,000 equal numbers are off by a thousandth.
 *
 * @param long how long that is
 */
export function sumOfRow(x: np.Array, long = LONG_SUM): np.Array {
  const n = x.shape.at(-1)!;
  if (isOnCard()) {
    const columns = columnsOfSum(x.shape);
    return columns === n ? x.sum(-1) : sumOfRow(inColumns(x, columns).sum(-2));
  }
  if (n < long) return x.sum(-1);
  const missing = (PART - (n % PART)) % PART;
  const whole = missing === 0 ? x : np.pad(x, [...x.shape.slice(1).map((): [number, number] => [0, 0]), [0, missing]]);
  return sumOfRow(inColumns(whole, PART).sum(-1), long);
}

/**
 * Rows divided by a number each, `[..., n]` and `[...]`, such as their sums. The gradient of the number is a sum of the row, on a
 * graphics card in steps as that of `sumOfRow`.
 */
export function dividedByRow(x: np.Array, divisor: np.Array): np.Array {
  const { shape } = x;
  if (columnsOfSum(shape) === shape.at(-1)) return x.div(column(divisor));
  const factor = np.reciprocal(divisor);
  const fixed = lax.stopGradient(factor.ref);
  const change = alongRow(factor.sub(fixed.ref), shape);
  return x.ref.mul(column(fixed)).add(lax.stopGradient(x).mul(change));
}

/**
 * Numbers of rows, `[...]`, as they broadcast with the rows' entries, of shape `[..., n]`. The gradient of a number is a sum of the
 * row, on a graphics card in steps as that of `sumOfRow`.
 */
export function alongRow(x: np.Array, shape: number[]): np.Array {
  const columns = columnsOfSum(shape);
  const n = shape.at(-1)!;
  if (columns === n) return column(x);
  // Repeated along the columns and then down them: each gradient is a sum.
  const inFirst = np.moveaxis(repeated(x, columns), 0, -1);
  return np.moveaxis(repeated(inFirst, n / columns), 0, -2).reshape(shape);
}

/**
 * `[...]` to `[times, ...]`.
 *
 * Upstream: the gradient of an axis of length 1 that is repeated begins with a copy; that of a new axis does not.
 */
function repeated(x: np.Array, times: number): np.Array {
  return np.broadcastTo(x, [times, ...x.shape]);
}

function inColumns(x: np.Array, columns: number): np.Array {
  return x.reshape([...x.shape.slice(0, -1), x.shape.at(-1)! / columns, columns]);
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

/** Numbers that a thread of a card goes through in one step, about, and how many are too few or too many for it. */
const STEP = 64;
const SHORTEST_STEP = 8;
const LONGEST_STEP = 256;

/**
 * The columns of a row of n on a graphics card: a thread goes down one of them, and neighbouring threads read neighbouring numbers.
 * It is n itself where a row is best left as it is.
 *
 * @param alone numbers that a thread would go through if the row were left
 */
function columnsOnCard(n: number, alone: number): number {
  if (alone < LONGEST_STEP) return n;
  const steps = Array.from({ length: LONGEST_STEP }, (_, i) => i + 1).filter((step) => n % step === 0);
  const distance = (step: number) => Math.abs(Math.log(step / STEP));
  const step = steps.reduce((best, step) => (distance(step) < distance(best) ? step : best), 1);
  return step < SHORTEST_STEP ? n : n / step;
}

/**
 * The same for the sum of each row of an array of this shape.
 *
 * Upstream: on WebGPU a sum has one thread for each of its results, however long it is; or up to 16 where there are fewer than 4,096
 * results, of 512 numbers or more.
 */
function columnsOfSum(shape: number[]): number {
  const n = shape.at(-1)!;
  if (!isOnCard()) return n;
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const canShare = rows < 4096 && n >= 512;
  const threads = canShare ? [16, 8, 4, 2, 1].find((count) => n % count === 0)! : 1;
  return columnsOnCard(n, n / threads);
}
