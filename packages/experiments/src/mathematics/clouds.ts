/** Clouds of points around an origin, on the host and in float64. */

/** What is known of a cloud after its points have gone by: sums over its points. */
export interface CloudMoments {
  readonly count: number;
  readonly mean: readonly number[];
  /** `E[x x']`, row by row. */
  readonly second: Float64Array;
}

/** Sums up the points of a cloud in so many dimensions, a block at a time. */
export function cloudMoments(dimensions: number) {
  const sums = new Float64Array(dimensions);
  const products = new Float64Array(dimensions * dimensions);
  let count = 0;
  return {
    /** @param points row by row */
    add(points: ArrayLike<number>): void {
      count += points.length / dimensions;
      for (let at = 0; at < points.length; at += dimensions) {
        for (let i = 0; i < dimensions; i++) {
          const x = points[at + i]!;
          sums[i]! += x;
          for (let j = 0; j < dimensions; j++) products[i * dimensions + j]! += x * points[at + j]!;
        }
      }
    },
    moments: (): CloudMoments => ({
      count,
      mean: Array.from(sums, (sum) => sum / count),
      second: products.map((product) => product / count),
    }),
  };
}

/** The covariance of a cloud, row by row. */
export function covarianceOf({ mean, second }: CloudMoments): Float64Array {
  const n = mean.length;
  return second.map((product, at) => product - mean[Math.floor(at / n)]! * mean[at % n]!);
}

export function traceOf(matrix: Float64Array): number {
  const n = Math.sqrt(matrix.length);
  return matrix.reduce((sum, x, at) => (at % (n + 1) === 0 ? sum + x : sum), 0);
}

/**
 * What the distance of the mean of so many draws from its expectation stays below, but with probability `alarm`. The mean
 * is normal with covariance `C / count`, so its squared distance is a sum of weighed chi-squares, and
 *
 *     P(distance^2 >= (tr C + 2 |C| sqrt(x) + 2 |C| x) / count) <= exp(-x)
 *
 * with the Frobenius norm |C|, which is no less than the largest eigenvalue. Laurent, Massart, "Adaptive Estimation of a
 * Quadratic Functional by Model Selection", 2000.
 */
export function meanDistanceBound(covariance: Float64Array, count: number, alarm: number): number {
  const x = -Math.log(alarm);
  const norm = Math.sqrt(covariance.reduce((sum, entry) => sum + entry * entry, 0));
  return Math.sqrt(Math.max(0, traceOf(covariance) + 2 * norm * (Math.sqrt(x) + x)) / count);
}

const ITERATIONS = 500;

/** As a share of the matrix. */
const ROUNDING = 1e-13;

/**
 * The two directions along which a symmetric matrix without negative eigenvalues is largest, orthogonal and of length 1, by
 * subspace iteration. Where it is zero along the second, that is any direction; in one dimension, it is zero.
 */
export function mainDirections(matrix: Float64Array): [number[], number[]] {
  const n = Math.sqrt(matrix.length);
  // Neither begins orthogonal to a direction that is likely.
  let first = normalized(Array.from({ length: n }, (_, i) => 1 + i / (n + 1)));
  let second = normalized(
    without(
      Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1) / (i + 1)),
      first,
    ),
  );
  const least = ROUNDING * traceOf(matrix);
  for (let i = 0; i < ITERATIONS; i++) {
    first = longer(product(matrix, first), first, least);
    second = longer(without(product(matrix, second), first), without(second, first), least);
  }
  return [first, second];
}

function product(matrix: Float64Array, x: readonly number[]): number[] {
  return x.map((_, i) => x.reduce((sum, entry, j) => sum + matrix[i * x.length + j]! * entry, 0));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function without(x: readonly number[], direction: readonly number[]): number[] {
  const share = dot(x, direction);
  return x.map((entry, i) => entry - share * direction[i]!);
}

/** The first of the two that is longer than rounding makes it, made of length 1. */
function longer(x: readonly number[], otherwise: readonly number[], least: number): number[] {
  return normalized(Math.hypot(...x) > least ? x : otherwise);
}

/** Of length 1, but for zero, which stays. */
function normalized(x: readonly number[]): number[] {
  const length = Math.hypot(...x);
  return length > 0 ? x.map((entry) => entry / length) : [...x];
}
