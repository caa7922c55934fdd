/** What the tests share: exact laws, statistics with their false-alarm rates, finite differences. */

import jstat from "jstat";

const { jStat } = jstat;

/**
 * The rate at which a correct sampler would fail a statistical test, were its seed drawn anew. The seeds are fixed, so
 * a test that passes once passes always; the rate says how much a pass is worth.
 */
export const FALSE_ALARM = 1e-4;

/** How many standard errors a right estimate stays within, but for `FALSE_ALARM`: the two-sided normal quantile. */
export const STANDARD_ERRORS = 3.8906;

/** P(chi-square with counts.length - 1 degrees of freedom is at least the observed one); zero probabilities must have zero counts. */
export function chiSquarePValue(counts: number[], probabilities: number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  const possible = probabilities.map((p, i) => [p, counts[i]!] as const).filter(([p]) => p > 0);
  if (possible.reduce((sum, [, count]) => sum + count, 0) !== total) return 0;
  const statistic = possible.reduce((sum, [p, count]) => sum + (count - total * p) ** 2 / (total * p), 0);
  return 1 - jStat.chisquare.cdf(statistic, possible.length - 1);
}

/** P(chi-square is at least the observed one) for as many draws of either of two samplers, by outcome, of the same law. */
export function sameLawPValue(a: number[], b: number[]): number {
  const statistic = a.reduce((sum, count, i) => sum + (count - b[i]!) ** 2 / Math.max(1, count + b[i]!), 0);
  return 1 - jStat.chisquare.cdf(statistic, a.length - 1);
}

/** Kolmogorov-Smirnov statistic of draws against a cumulative distribution. Sorts the draws. */
export function kolmogorovSmirnov(draws: Float32Array, cdf: (x: number) => number): number {
  draws.sort();
  const n = draws.length;
  let largest = 0;
  draws.forEach((x, i) => {
    const p = cdf(x);
    largest = Math.max(largest, p - i / n, (i + 1) / n - p);
  });
  return largest;
}

/** The critical value of that statistic at `FALSE_ALARM`, for large n: sqrt(log(2 / alpha) / (2 n)). */
export function kolmogorovCritical(n: number): number {
  return Math.sqrt(Math.log(2 / FALSE_ALARM) / (2 * n));
}

/** Mean, variance and skewness of blocks of draws, by float64 sums of powers about `center`, a guess of the mean. */
export async function moments(blocks: AsyncIterable<ArrayLike<number>> | Iterable<ArrayLike<number>>, center: number) {
  let count = 0;
  const sums: [number, number, number] = [0, 0, 0];
  for await (const block of blocks) {
    count += block.length;
    for (let i = 0; i < block.length; i++) {
      const x = block[i]! - center;
      sums[0] += x;
      sums[1] += x * x;
      sums[2] += x * x * x;
    }
  }
  const [m1, m2, m3] = sums.map((sum) => sum / count) as [number, number, number];
  const variance = m2 - m1 ** 2;
  return { count, mean: center + m1, variance, skewness: (m3 - 3 * m1 * m2 + 2 * m1 ** 3) / variance ** 1.5 };
}

/** All permutations of 0, ..., n - 1, in lexicographic order. */
export function permutations(n: number): number[][] {
  const arrange = (left: number[]): number[][] =>
    left.length === 0 ? [[]] : left.flatMap((x) => arrange(left.filter((y) => y !== x)).map((rest) => [x, ...rest]));
  return arrange(Array.from({ length: n }, (_, i) => i));
}

/** Whether x has exactly k ones and zeros otherwise. */
export function isHot(x: number[], k: number): boolean {
  return x.filter((v) => v === 1).length === k && x.filter((v) => v === 0).length === x.length - k;
}

/** Whether the entries of x are not negative and sum to `total`, but for rounding. */
export function isOnSimplex(x: number[], total: number): boolean {
  return x.every((v) => v >= 0) && Math.abs(x.reduce((a, b) => a + b, 0) - total) < 1e-5;
}

export function softmax(logits: number[]): number[] {
  const top = Math.max(...logits);
  const weights = logits.map((l) => Math.exp(l - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}

/**
 * Central differences of a scalar function at x. The default step balances float32's rounding (1e-7 / step) against
 * the truncation (step^2 / 6 times the third derivative), both about 1e-5 for functions of size 1.
 */
export async function numericalGradient(
  f: (x: number[]) => number | Promise<number>,
  x: number[],
  step = 1e-2,
): Promise<number[]> {
  const slope = async (i: number) => {
    const at = (delta: number) => f(x.map((value, j) => (i === j ? value + delta : value)));
    return ((await at(step)) - (await at(-step))) / (2 * step);
  };
  return Promise.all(x.map((_, i) => slope(i)));
}

/** Central differences of a function that is computed in float64, where a small step loses nothing. */
export function differences(f: (x: number[]) => number, x: number[], step = 1e-5): number[] {
  return x.map((_, i) => {
    const at = (delta: number) => f(x.map((value, j) => (i === j ? value + delta : value)));
    return (at(step) - at(-step)) / (2 * step);
  });
}

/** Numbers that float32 holds exactly, roughly normal, from a seed. */
export function normals(seed: number, count: number, scale = 1): number[] {
  const uniform = uniforms(seed);
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: count }, () => Math.round(scale * normal() * 256) / 256);
}

/**
 * Numbers between 0 and 1, the same whatever computes the rest: a counter, mixed by the last steps of MurmurHash3 (Appleby,
 * 2008).
 */
export function uniforms(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = Math.imul(counter ^ (counter >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (((mixed ^ (mixed >>> 16)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** The largest difference of two lists, entry by entry; NaN, which no comparison passes, when their lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
}
