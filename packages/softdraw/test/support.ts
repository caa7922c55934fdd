/** What the tests share: exact laws, statistics with their false-alarm rates, finite differences. */

import { numpy as np, random } from "@jax-js/jax";
import jstat from "jstat";

const { jStat } = jstat;

/**
 * The rate at which a correct sampler would fail a statistical test, were its seed drawn anew. The seeds are fixed, so
 * a test that passes once passes always; the rate says how much a pass is worth.
 */
export const FALSE_ALARM = 1e-4;

/** P(chi-square with counts.length - 1 degrees of freedom is at least the observed one); zero probabilities must have zero counts. */
export function chiSquarePValue(counts: number[], probabilities: number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  const possible = probabilities.map((p, i) => [p, counts[i]!] as const).filter(([p]) => p > 0);
  if (possible.reduce((sum, [, count]) => sum + count, 0) !== total) return 0;
  const statistic = possible.reduce((sum, [p, count]) => sum + (count - total * p) ** 2 / (total * p), 0);
  return 1 - jStat.chisquare.cdf(statistic, possible.length - 1);
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
export function numericalGradient(f: (x: number[]) => number, x: number[], step = 1e-2): number[] {
  return x.map((_, i) => {
    const at = (delta: number) => f(x.map((value, j) => (i === j ? value + delta : value)));
    return (at(step) - at(-step)) / (2 * step);
  });
}

/** Numbers that float32 holds exactly, roughly normal, from a seed. */
export function normals(seed: number, count: number, scale = 1): number[] {
  return Array.from(random.normal(random.key(seed), [count]).mul(scale).dataSync(), (x) => Math.round(x * 256) / 256);
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
}
