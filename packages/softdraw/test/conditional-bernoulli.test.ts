/**
 * Subsets by the products of their weights, against float64: values, gradients, and draws of sizes too large to list.
 */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import { largestDifference, normals, STANDARD_ERRORS, uniforms } from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { conditionalBernoulli, subset } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
const { entropy, kl, logPartition, logProb, marginals, sample } = conditionalBernoulli;

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);
const logAddExp = (a: number, b: number) => {
  const largest = Math.max(a, b);
  return largest === NEGATIVE_INFINITY ? largest : largest + Math.log1p(Math.exp(-Math.abs(a - b)));
};

interface Exact {
  logPartition: number;
  marginals: number[];
  entropy: number;
}

/** The recursion over entries, in logarithms and float64: from the front, and from the back. */
function exactly(logits: number[], k: number): Exact {
  // Relative to the k-th largest, so that float64 loses nothing to what all have in common.
  const origin = logits.toSorted((a, b) => b - a)[k - 1]!;
  const l = logits.map((x) => x - origin);
  const none = [0, ...range(k).map(() => NEGATIVE_INFINITY)];
  const withOne = (sums: number[], x: number) => sums.map((s, j) => (j === 0 ? s : logAddExp(s, sums[j - 1]! + x)));
  const before = [none];
  for (const x of l) before.push(withOne(before.at(-1)!, x));
  const after = [none];
  for (const x of l.toReversed()) after.push(withOne(after.at(-1)!, x));
  const total = before.at(-1)![k]!;
  const mean = l.map((x, i) => {
    const others = range(k).map((j) => before[i]![j]! + after[l.length - 1 - i]![k - 1 - j]!);
    return Math.exp(others.reduce(logAddExp, NEGATIVE_INFINITY) + x - total);
  });
  const meanLogit = sum(l.map((x, i) => (mean[i]! > 0 ? mean[i]! * x : 0)));
  return { logPartition: total + k * origin, marginals: mean, entropy: total - meanLogit };
}

function klInFloat64(logits: number[], prior: number[], k: number): number {
  const [p, q] = [exactly(logits, k), exactly(prior, k)];
  const origins = logits.map((l, i) => l - prior[i]!);
  const shift = origins[0]!;
  return sum(origins.map((x, i) => p.marginals[i]! * (x - shift))) + k * shift - p.logPartition + q.logPartition;
}

const KINDS: Record<string, (n: number, uniform: () => number) => number[]> = {
  equal: (n) => range(n).map(() => 0.3),
  normal: (n) => normals(n, n),
  "heavy tails": (n) => normals(n + 1, n).map((x, i) => x / (0.02 + Math.abs(normals(i, 1)[0]!))),
  "of size 30": (n) => normals(n + 2, n, 30),
  "of size 1e4": (n, uniform) => range(n).map(() => 1e4 * (2 * uniform() - 1)),
  "1e4 and -1e4": (n) => range(n).map((i) => (i % 2 ? 1e4 : -1e4)),
  "far from 0": (n) => normals(n + 3, n).map((x) => 4096 + x),
  masked: (n) => normals(n + 4, n).map((x, i) => (i % 5 === 3 ? [NEGATIVE_INFINITY, -1e9, -1e20][i % 3]! : x)),
};
const SIZES = [
  [1, 1],
  [2, 1],
  [3, 2],
  [5, 5],
  [33, 16],
  [100, 1],
  [100, 79],
  [1000, 1],
  [1000, 10],
  [1000, 500],
  [1000, 790],
] as const;

/** On WebGPU the exponential is less exact. */
const ACCURACY = device === "webgpu" ? 1e-5 : 2e-6;

describe.each(SIZES)("of %i entries %i, against float64", (n, k) => {
  // A row of each kind that can take k.
  const uniform = uniforms(n + k);
  const rows = Object.values(KINDS)
    .map((kind) => kind(n, uniform).map(Math.fround))
    .filter((row) => row.filter((x) => x > -1e8).length >= k);
  // Float64 has no use for entries that are far below all others, and none for differences of infinities.
  const exact = rows.map((row) =>
    exactly(
      row.map((x) => (x < -1e8 ? -1e6 : x)),
      k,
    ),
  );
  const l = () => np.array(rows.flat(), { shape: [rows.length, n] });
  const inRows = (x: number[]) => rows.map((_, i) => x.slice(i * n, (i + 1) * n));
  const khot = range(n).map((i) => (i < k ? 1 : 0));

  test("logPartition", async () => {
    const found = await values(logPartition(l(), k));
    const errors = found.map((x, i) => {
      const terms = rows[i]!.toSorted((a, b) => b - a).slice(0, k);
      const largest = Math.max(1, Math.abs(exact[i]!.logPartition), Math.abs(sum(terms)));
      return Math.abs(x - exact[i]!.logPartition) / largest;
    });
    expect(Math.max(...errors)).toBeLessThan(ACCURACY);
  });

  test("marginals, which are the gradient of logPartition, and sum to k", async () => {
    const found = inRows(await values(marginals(l(), k)));
    const gradient = inRows(await values(grad((l: Array) => logPartition(l, k).sum())(l())));
    for (const [i, row] of found.entries()) {
      expect(largestDifference(row, exact[i]!.marginals)).toBeLessThan(device === "webgpu" ? 1e-5 : 1e-6);
      expect(largestDifference(row, gradient[i]!)).toBeLessThan(1e-6);
      expect(Math.abs(sum(row) - k)).toBeLessThan(2e-6 * k);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...row)).toBeLessThanOrEqual(1);
    }
  });

  test("entropy", async () => {
    const found = await values(entropy(l(), k));
    for (const [i, x] of found.entries()) {
      // The reference itself is a difference of numbers of the size of k logits.
      const possible = rows[i]!.filter((l) => l > -1e8);
      const span = k * (Math.max(...possible) - Math.min(...possible));
      const error = Math.abs(x - exact[i]!.entropy) / Math.max(1, exact[i]!.entropy);
      expect(error).toBeLessThan(ACCURACY + 1e-11 * span);
    }
    expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
  });

  test("logProb of a set, and its gradient", async () => {
    const found = await values(logProb(np.array(khot), l(), k));
    const errors = found.flatMap((x, i) => {
      const terms = rows[i]!.slice(0, k);
      if (terms.some((t) => t < -1e8)) return x < -1e5 ? [] : [POSITIVE_INFINITY];
      const largest = Math.max(1, Math.abs(exact[i]!.logPartition), Math.abs(sum(terms)));
      return [Math.abs(x - (sum(terms) - exact[i]!.logPartition)) / largest];
    });
    expect(Math.max(...errors)).toBeLessThan(ACCURACY);
    const possible = rows.filter((row) => row.slice(0, k).every((t) => t > -1e8));
    const loss = (l: Array) => logProb(np.array(khot), l, k).sum();
    const gradient = await values(grad(loss)(np.array(possible.flat(), { shape: [possible.length, n] })));
    for (const [i, row] of possible.entries()) {
      const expected = khot.map((x, j) => x - exact[rows.indexOf(row)]!.marginals[j]!);
      expect(largestDifference(gradient.slice(i * n, (i + 1) * n), expected)).toBeLessThan(1e-5);
    }
  });
});

// The gradient of the marginals along a direction, twice as fast to tell as all of it; the covariances are symmetric.
test.each([
  [7, 3],
  [100, 50],
  [100, 79],
  [1000, 10],
])("the gradient of marginals is that of float64, %i entries, %i of them", async (n, k) => {
  const [at, direction] = [normals(n, n, 2), normals(n + 9, n)];
  const gradient = await values(grad((l: Array) => marginals(l, k).mul(np.array(direction)).sum())(np.array(at)));
  const moved = (step: number) =>
    exactly(
      at.map((x, i) => x + step * direction[i]!),
      k,
    ).marginals;
  const [ahead, behind] = [moved(1e-4), moved(-1e-4)];
  const expected = ahead.map((x, i) => (x - behind[i]!) / 2e-4);
  expect(largestDifference(gradient, expected)).toBeLessThan(1e-5);
});

test.skipIf(!isThorough).each([
  [5000, 2500],
  [40_000, 2],
])("of %i equal logits, values and the gradient of the marginals are in range, %i of them", async (n, k) => {
  const logCount = sum(range(k).map((i) => Math.log((n - i) / (i + 1))));
  const [total] = await values(logPartition(np.zeros([n]), k));
  expect(Math.abs(total! / logCount - 1)).toBeLessThan(1e-5);
  const direction = range(n).map(Math.cos);
  const gradient = await values(grad((l: Array) => marginals(l, k).mul(np.array(direction)).sum())(np.zeros([n])));
  const [own, other] = [(k / n) * (1 - k / n), (-k * (n - k)) / (n * n * (n - 1))];
  const all = sum(direction);
  const expected = direction.map((x) => (own - other) * x + other * all);
  expect(largestDifference(gradient, expected)).toBeLessThan(1e-5 * own);
});

describe("kl", () => {
  test.each([
    [3, 2],
    [10, 3],
    [100, 50],
    [1000, 10],
  ])("is exact however small it is, %i entries, %i of them", async (n, k) => {
    const at = normals(n, n);
    for (const size of [1e-3, 1e-2, 0.1, 1, 10, 1e3]) {
      const prior = at.map((x, i) => Math.fround(x + size * normals(i + 5, 1)[0]!));
      const exact = klInFloat64(at, prior, k);
      const [found] = await values(kl(np.array(at), k, np.array(prior)));
      expect(Math.abs(found! / exact - 1), `${size}`).toBeLessThan(1e-6 * (1 + 1 / size) + ACCURACY);
    }
    expect(await values(kl(np.array(at), k, np.array(at)))).toEqual([0]);
    const [shifted] = await values(kl(np.array(at), k, np.array(at.map((x) => x + 64))));
    expect(shifted).toBeLessThan(1e-9);
  });

  test("has the uniform prior by default, over all sets, whatever is masked", async () => {
    const at = [0.5, NEGATIVE_INFINITY, 1, -1, 0];
    const logCount = Math.log(10);
    const [divergence] = await values(kl(np.array(at), 2));
    expect(divergence).toBeCloseTo(
      logCount -
        exactly(
          at.map((x) => Math.max(x, -1e6)),
          2,
        ).entropy,
      5,
    );
    expect(await values(kl(np.zeros([5]), 2))).toEqual([0]);
    expect((await values(kl(np.array([0, 0, NEGATIVE_INFINITY]), 2)))[0]).toBeCloseTo(Math.log(3), 6);
  });

  test("is Infinity only where the prior forbids what the law takes, and NaN where the prior has no law", async () => {
    const masked = np.array([0, NEGATIVE_INFINITY, 0, 1]);
    const laws = np.array([0, 1, 2, 3, 0, NEGATIVE_INFINITY, 0, 1], { shape: [2, 4] });
    expect(await values(kl(laws, 2, masked))).toEqual([POSITIVE_INFINITY, 0]);
    const hopeless = np.array([0, NEGATIVE_INFINITY, NEGATIVE_INFINITY, NEGATIVE_INFINITY]);
    expect(await values(kl(np.zeros([4]), 2, hopeless))).toEqual([Number.NaN]);
  });

  test("broadcasts laws against priors, and takes priors of any size", async () => {
    const [laws, priors] = [normals(1, 8), normals(2, 12)];
    const found = await values(kl(np.array(laws, { shape: [2, 1, 4] }), 2, np.array(priors, { shape: [3, 4] })));
    const exact = [0, 1].flatMap((i) =>
      [0, 1, 2].map((j) => klInFloat64(laws.slice(4 * i, 4 * i + 4), priors.slice(4 * j, 4 * j + 4), 2)),
    );
    expect(largestDifference(found, exact)).toBeLessThan(1e-6);
    const far = normals(3, 4).map((x) => 1e4 * x);
    const [distant] = await values(kl(np.zeros([4]), 2, np.array(far)));
    expect(Math.abs(distant! / klInFloat64([0, 0, 0, 0], far, 2) - 1)).toBeLessThan(ACCURACY);
  });

  test("has the gradient of float64 where law and prior are far apart, and near", async () => {
    const at = normals(11, 6);
    for (const size of [1e-3, 1, 20]) {
      const prior = at.map((x, i) => x + size * normals(i, 1)[0]!);
      const [byLaw, byPrior] = grad((l: Array, m: Array) => kl(l, 3, m), { argnums: [0, 1] })(
        np.array(at),
        np.array(prior),
      );
      const slope = (f: (x: number[]) => number, x: number[]) =>
        x.map((_, i) => {
          const moved = (step: number) => f(x.map((y, j) => (i === j ? y + step : y)));
          return (moved(1e-4) - moved(-1e-4)) / 2e-4;
        });
      expect(
        largestDifference(
          await values(byLaw),
          slope((x) => klInFloat64(x, prior, 3), at),
        ),
      ).toBeLessThan(2e-5 * Math.max(1, size));
      expect(
        largestDifference(
          await values(byPrior),
          slope((x) => klInFloat64(at, x, 3), prior),
        ),
      ).toBeLessThan(2e-6 * Math.max(1, size) + 1e-6);
    }
  });
});

describe("draws", () => {
  test.each([
    [1000, 1],
    [1000, 500],
    [1000, 999],
    [777, 300],
    [65, 64],
  ])("of %i entries take %i, of extreme logits too", async (n, k) => {
    const uniform = uniforms(n);
    const rows = Object.values(KINDS)
      .map((kind) => kind(n, uniform))
      .filter((row) => row.filter((x) => x > NEGATIVE_INFINITY).length >= k);
    const draws = await values(sample(random.key(1), np.array(rows.flat(), { shape: [rows.length, n] }), k));
    for (const [i, row] of rows.entries()) {
      const draw = draws.slice(i * n, (i + 1) * n);
      expect(draw.every((x) => x === 0 || x === 1)).toBe(true);
      expect(sum(draw)).toBe(k);
      expect(draw.some((x, j) => x === 1 && row[j] === NEGATIVE_INFINITY)).toBe(false);
    }
  });

  // A hundred frequencies and a hundred of neighbours together, which a right sampler fails at the rate 200
  // `FALSE_ALARM`.
  test.each([10, 50, 80])("have the marginals and the covariances of the law, %i of 100", async (k) => {
    const [n, count] = [100, 4000];
    const at = normals(5, n);
    const draws = await values(sample(random.key(2), np.broadcastTo(np.array(at), [count, n]), k));
    const { marginals: mean, logPartition: total } = exactly(at, k);
    const share = (is: (draw: number) => boolean) => range(count).filter(is).length / count;
    const far = (observed: number, p: number) => Math.abs(observed - p) / Math.sqrt((p * (1 - p)) / count + 1e-12);
    for (const i of range(n)) {
      expect(
        far(
          share((s) => draws[s * n + i] === 1),
          mean[i]!,
        ),
      ).toBeLessThan(STANDARD_ERRORS);
      const j = (i + 1) % n;
      const others = at.filter((_, m) => m !== i && m !== j);
      const both = k < 2 ? 0 : Math.exp(exactly(others, k - 2).logPartition + at[i]! + at[j]! - total);
      const together = share((s) => draws[s * n + i] === 1 && draws[s * n + j] === 1);
      expect(far(together, both)).toBeLessThan(STANDARD_ERRORS);
    }
  });

  test("of equal logits take every set as often, and of ties the first is the mode", async () => {
    expect(await values(conditionalBernoulli.mode(np.zeros([5]), 2))).toEqual([1, 1, 0, 0, 0]);
    const soft = await values(conditionalBernoulli.softMode(np.array([1, 0, 0, 0, -1]), 2, { temperature: 1e-3 }));
    expect(largestDifference(soft, [1, 1 / 3, 1 / 3, 1 / 3, 0])).toBeLessThan(1e-6);
  });

  test("of every entry take all, with gradients of 0", async () => {
    const at = () => np.array([3, -1e4, 0.5]);
    expect(await values(sample(random.key(3), at(), 3))).toEqual([1, 1, 1]);
    expect(await values(marginals(at(), 3))).toEqual([1, 1, 1]);
    expect(await values(entropy(at(), 3))).toEqual([0]);
    const loss = (l: Array) =>
      marginals(l, 3)
        .mul(np.array([1, 2, 3]))
        .sum();
    expect(largestDifference(await values(grad(loss)(at())), [0, 0, 0])).toBe(0);
    expect(await values(grad((l: Array) => logPartition(l, 3))(at()))).toEqual([1, 1, 1]);
  });
});

test("the law is not that of drawing without replacement", async () => {
  const weights = () => np.log(np.array([1, 2, 3, 4]));
  const lastTwo = () => np.array([0, 0, 1, 1]);
  const [byProducts] = await values(np.exp(logProb(lastTwo(), weights(), 2)));
  const [inTurn] = await values(np.exp(subset.setLogProb(lastTwo(), weights(), 2)));
  expect(byProducts).toBeCloseTo(12 / 35, 6);
  expect(inTurn).toBeCloseTo((0.3 * 0.4) / 0.7 + (0.4 * 0.3) / 0.6, 6);
});

test("what is no set has the log-probability -Infinity, and NaN stays NaN", async () => {
  const at = () => np.array([0, NEGATIVE_INFINITY, 1, 2]);
  const of = async (khot: number[]) => (await values(logProb(np.array(khot), at(), 2)))[0];
  for (const none of [
    [1, 0, 0, 0],
    [1, 0, 1, 1],
    [0.5, 0, 0.5, 1],
    [1, 1, 0, 0],
    [2, 0, 0, 0],
  ]) {
    expect(await of(none)).toBe(NEGATIVE_INFINITY);
  }
  expect(await of([1, 0, Number.NaN, 1])).toBeNaN();
});

test.skipIf(!isThorough)("mapped and compiled, gradients included, verbs are the same", async () => {
  const rows = () => np.array(normals(21, 4 * 40), { shape: [4, 40] });
  for (const f of [
    (l: Array) => logPartition(l, 7),
    (l: Array) => entropy(l, 30),
    (l: Array) => kl(l, 7),
    (l: Array) =>
      marginals(l, 7)
        .mul(np.array(normals(22, 40)))
        .sum(),
  ]) {
    const together = await values(grad((l: Array) => f(l).sum())(rows().slice([0, 1]).reshape([40])));
    const mapped = await values(jit(vmap(grad((l: Array) => f(l).sum())))(rows()));
    expect(largestDifference(mapped.slice(0, 40), together)).toBeLessThan(2e-6);
  }
});
