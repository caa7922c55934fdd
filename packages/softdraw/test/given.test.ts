/** Subsets given their set: the times behind the perturbed logits against float64, and sizes too large to list. */

import { grad, jit, numpy as np, random } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import {
  kolmogorovCritical,
  kolmogorovSmirnov,
  largestDifference,
  normals,
  STANDARD_ERRORS,
} from "@softdraw/testing/numbers";
import { categorical, noise, subset } from "softdraw";
import { describe, expect, test } from "vitest";
import { logTimeOfOthers } from "../src/subset/given.ts";

type Array = np.Array;

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);

/** Every order of some entries. */
const orders = (of: number[]): number[][] =>
  of.length === 0 ? [[]] : of.flatMap((i) => orders(of.filter((j) => j !== i)).map((rest) => [i, ...rest]));

/**
 * The mean time of every entry, given that those of a set come first, over all orders of the set. What is left when j
 * have come has the weight R_j, and the next comes after 1 / R_j in the mean, whichever it is.
 */
function meanTimes(logits: number[], set: number[]): number[] {
  const weights = logits.map(Math.exp);
  const total = logits.map(() => 0);
  let probability = 0;
  for (const order of orders(set)) {
    const left = order.map((_, j) => sum(weights) - sum(order.slice(0, j).map((i) => weights[i]!)));
    const ofOrder = order.reduce((p, i, j) => (p * weights[i]!) / left[j]!, 1);
    const until = (j: number) => sum(left.slice(0, j + 1).map((weight) => 1 / weight));
    probability += ofOrder;
    logits.forEach((_, i) => {
      const place = order.indexOf(i);
      total[i]! += ofOrder * (place < 0 ? until(order.length - 1) + 1 / weights[i]! : until(place));
    });
  }
  return total.map((time) => time / probability);
}

const hot = (set: number[], n: number) => range(n).map((i) => (set.includes(i) ? 1 : 0));

// Ten comparisons each, which a right sampler fails at the rate 10 `FALSE_ALARM`.
describe.each([
  { logits: [1, 0.5, 0, -0.5, -1], set: [3, 4] },
  { logits: [1, 0.5, 0, -0.5, -1], set: [0, 2, 4] },
  { logits: [1, 0.5, 0, -0.5, -1], set: [1, 2, 3, 4] },
  { logits: [0, -12, 1, 2, 0.5], set: [1, 3] },
  { logits: [0, 9, 1, 10, 0.5], set: [1, 3] },
])("given $set of the logits $logits", ({ logits, set }) => {
  const [blocks, rows, n, k] = [2, 10_000, logits.length, set.length];
  const exact = meanTimes(logits, set);
  // In units of each mean, so that none outweighs the others.
  const cotangent = exact.map((time, i) => [0.7, -1.1, 0.4, 0.9, -0.6][i]! / time);
  const times = (seed: number, l: Array) =>
    np.exp(np.negative(subset.perturbGiven(random.key(seed), np.array(hot(set, n)), l, k)));
  const batch = () => np.broadcastTo(np.array(logits), [rows, n]);

  /** The means of columns of a block for each seed, each within its standard errors and what a gradient may be off by. */
  const expectMeans = async (block: (seed: number) => Array, expected: number[]) => {
    const columns = logits.map(() => ({ sum: 0, squares: 0 }));
    for (const seed of range(blocks)) {
      for (const [i, x] of (await values(block(seed))).entries()) {
        columns[i % n]!.sum += x;
        columns[i % n]!.squares += x * x;
      }
    }
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, { sum, squares }] of columns.entries()) {
      const mean = sum / (blocks * rows);
      const error = Math.sqrt((squares / (blocks * rows) - mean ** 2) / (blocks * rows));
      const allowed = STANDARD_ERRORS * error + 1e-4 * largest;
      expect(Math.abs(mean - expected[i]!), `entry ${i}: ${mean} for ${expected[i]}`).toBeLessThan(allowed);
    }
  };

  test("the times that the perturbed logits stand for have the means of their law", async () => {
    await expectMeans(
      (seed) => times(seed, batch()).div(np.array(exact)),
      exact.map(() => 1),
    );
  });

  test("the mean of their gradients is the gradient of their means", async () => {
    const loss = (seed: number) => (l: Array) => times(seed, l).mul(np.array(cotangent)).sum();
    const cost = (l: number[]) => sum(meanTimes(l, set).map((time, i) => time * cotangent[i]!));
    const step = 1e-4;
    const expected = logits.map((_, i) => {
      const at = (delta: number) => cost(logits.map((l, j) => (i === j ? l + delta : l)));
      return (at(step) - at(-step)) / (2 * step);
    });
    await expectMeans((seed) => grad(loss(seed))(batch()), expected);
  });
});

/** The density of x by its definition, in float64, and its integral up to each node, by Simpson's rule. */
function lawOfTime(logRatio: number[]) {
  const [first, last, count] = [-25, 6, 6000];
  const step = (last - first) / count;
  const density = (x: number) =>
    Math.exp(x - Math.exp(x) + sum(logRatio.map((r) => Math.log(-Math.expm1(-Math.exp(r + x))) - Math.min(r, 0))));
  const below = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [0, 0.5, 1].map((part) => density(first + (i + part) * step)) as [number, number, number];
    below[i + 1] = below[i]! + ((a + 4 * b + c) * step) / 6;
  }
  const total = below[count]!;
  return {
    density: (x: number) => density(x) / total,
    cdf: (x: number) => {
      const i = Math.floor((x - first) / step);
      const part = x - first - i * step;
      const [a, b, c] = [0, 0.5, 1].map((share) => density(first + i * step + share * part)) as [
        number,
        number,
        number,
      ];
      return (below[i]! + ((a + 4 * b + c) * part) / 6) / total;
    },
  };
}

describe.each([
  ["1, as heavy as the others", [0]],
  ["1, much lighter", [-9]],
  ["1, much heavier", [9]],
  ["3", [1, -1, -4]],
  ["12", normals(1, 12, 2)],
  ["60 of equal weights", range(60).map(() => -1)],
])("the time of the earliest of the others, given members: %s", (_, logRatio) => {
  const k = logRatio.length;
  const time = jit((key: Array, r: Array) => logTimeOfOthers(key, r, k));
  const batch = (rows: number) => np.broadcastTo(np.array(logRatio), [rows, k]);

  test("has its law", async () => {
    const { cdf } = lawOfTime(logRatio);
    const draws = (await time(random.key(2), batch(k > 20 ? 2000 : 10_000)).data()) as Float32Array;
    expect(kolmogorovSmirnov(draws, cdf)).toBeLessThan(kolmogorovCritical(draws.length));
  });

  test("has the gradient of its quantile, by finite differences", async () => {
    const rows = 30;
    const x = await values(time(random.key(3), batch(rows)));
    const found = await values(grad((r: Array) => time(random.key(3), r).sum())(batch(rows)));
    const { density } = lawOfTime(logRatio);
    const step = 1e-3;
    const entry = k - 1;
    const [above, below] = [step, -step].map((delta) =>
      lawOfTime(logRatio.map((r, i) => (i === entry ? r + delta : r))),
    );
    const expected = x.map((at) => -(above!.cdf(at) - below!.cdf(at)) / (2 * step) / density(at));
    expect(
      largestDifference(
        found.filter((_, i) => i % k === entry),
        expected,
      ),
    ).toBeLessThan(1e-3);
  });
});

test("of many, the exact draw is the set, and over sets from sample each perturbed logit is Gumbel", async () => {
  const [rows, n] = [20, 1000];
  for (const k of [1, 10, 100, 999]) {
    const logits = () => np.array(normals(4, rows * n, 2), { shape: [rows, n] });
    const khot = subset.sample(random.key(5), logits(), k);
    const keys = subset.perturbGiven(random.key(6), khot.ref, logits(), k);
    expect(await values(subset.mode(keys.ref, k))).toEqual(await values(khot));
    const noises = (await keys.sub(logits()).data()) as Float32Array;
    expect(kolmogorovSmirnov(noises, (x) => Math.exp(-Math.exp(-x)))).toBeLessThan(kolmogorovCritical(rows * n));
  }
});

test("given all of n, and where no other is possible, each key is that of any draw", async () => {
  const logits = () => np.array(normals(7, 5));
  const all = await values(subset.perturbGiven(random.key(8), np.ones([5]), logits(), 5));
  expect(all).toEqual(await values(noise.perturb(random.key(8), logits())));
  const masked = np.broadcastTo(np.array([0.5, -1, Number.NEGATIVE_INFINITY, 1]), [20_000, 4]);
  const keys = subset.perturbGiven(random.key(9), np.array([1, 1, 0, 1]), masked, 3);
  for (const [i, l] of [0.5, -1, undefined, 1].entries()) {
    const column = await values(keys.ref.slice([], i));
    if (l === undefined) expect(Math.max(...column)).toBeLessThanOrEqual(-1e30);
    else {
      const statistic = kolmogorovSmirnov(Float32Array.from(column), (x) => Math.exp(-Math.exp(l - x)));
      expect(statistic).toBeLessThan(kolmogorovCritical(column.length));
    }
  }
  keys.dispose();
});

test("a constant in all logits of a row shifts all keys, also by their gradient", async () => {
  for (const logits of [normals(10, 8), normals(10, 8, 30), normals(10, 8, 3000)]) {
    const khot = np.array(hot([1, 4, 6], 8));
    const cotangent = normals(11, 8);
    const loss = (l: Array) => subset.perturbGiven(random.key(12), khot.ref, l, 3).mul(np.array(cotangent)).sum();
    expect(sum(await values(grad(loss)(np.array(logits))))).toBeCloseTo(sum(cotangent), 4);
    khot.dispose();
  }
});

test("a subset of one has the law of a categorical choice, given either", async () => {
  const logits = () => np.broadcastTo(np.array([0, 1, -1]), [50_000, 3]);
  const value = () => np.array([0, 0, 1]);
  const normalizer = Math.log(1 + Math.E + 1 / Math.E);
  const largest = {
    subset: subset.perturbGiven(random.key(13), value(), logits(), 1),
    categorical: categorical.perturbGiven(random.key(13), value(), logits()),
  };
  for (const keys of Object.values(largest)) {
    const top = Float32Array.from(await values(keys.slice([], 2)));
    expect(kolmogorovSmirnov(top, (x) => Math.exp(-Math.exp(normalizer - x)))).toBeLessThan(
      kolmogorovCritical(top.length),
    );
  }
});
