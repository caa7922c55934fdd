/** `permutation.gibbs`, and exact maxima found in the engine: against float64, and where no law is asked of them. */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import {
  chiSquarePValue,
  FALSE_ALARM,
  largestDifference,
  normals,
  numericalGradient,
  permutations,
} from "@softdraw/testing/numbers";
import { expectation, permutation, straightThrough } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const { gibbs } = permutation;

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);
const square = (x: ArrayLike<number>, n: number, batch: number[] = []) =>
  np.array(Float32Array.from(x), { shape: [...batch, n, n] });
const float32 = (x: number[]) => x.map(Math.fround);

/** All permutations with their probabilities, in float64. */
function enumerated(logits: number[], n: number) {
  const orders = permutations(n);
  const sums = orders.map((order) => sum(order.map((j, i) => logits[i * n + j]!)));
  const largest = Math.max(...sums);
  const weights = sums.map((x) => Math.exp(x - largest));
  const total = sum(weights);
  const logProbs = sums.map((x) => x - largest - Math.log(total));
  const probabilities = weights.map((w) => w / total);
  const marginals = new globalThis.Array<number>(n * n).fill(0);
  orders.forEach((order, k) => {
    order.forEach((j, i) => {
      marginals[i * n + j]! += probabilities[k]!;
    });
  });
  const entropy = -sum(probabilities.map((p, k) => (p > 0 ? p * logProbs[k]! : 0)));
  return { orders, sums, logProbs, probabilities, marginals, entropy, logPartition: largest + Math.log(total) };
}

/** The logarithm of the permanent by Ryser's alternating sum over sets of columns, in float64. */
function ryser(logits: number[], n: number): number {
  const weights = logits.map(Math.exp);
  const terms = range(2 ** n).map((set) => {
    const columns = range(n).filter((j) => (set >> j) & 1);
    const product = range(n).reduce((p, i) => p * sum(columns.map((j) => weights[i * n + j]!)), 1);
    return (n - columns.length) % 2 === 0 ? product : -product;
  });
  return Math.log(sum(terms));
}

const matrixOf = (order: number[]) => order.flatMap((j) => range(order.length).map((i) => (i === j ? 1 : 0)));

describe.each([1, 2, 3, 5, 6])("of n = %i, against an enumeration in float64", (n) => {
  test.each([0.01, 1, 10, 1e4])("every number is right, for logits of size %f", async (scale) => {
    for (const seed of [1, 2, 3]) {
      const logits = float32(normals(100 * n + seed, n * n, scale));
      const exact = enumerated(logits, n);
      const size = Math.max(1, ...exact.sums.map(Math.abs));
      const x = () => square(logits, n);
      const [found] = await values(gibbs.logPartition(x()));
      expect(Math.abs(found! - exact.logPartition) / size).toBeLessThan(1e-6);
      expect(largestDifference(await values(gibbs.marginals(x())), exact.marginals)).toBeLessThan(2e-6);
      const gradient = await values(grad((l: Array) => gibbs.logPartition(l))(x()));
      expect(largestDifference(gradient, exact.marginals)).toBeLessThan(2e-6);
      expect(largestDifference(await values(gibbs.entropy(x())), [exact.entropy])).toBeLessThan(2e-6 * Math.max(1, n));
      const all = square(exact.orders.flatMap(matrixOf), n, [exact.orders.length]);
      const logProbs = await values(gibbs.logProb(all, x()));
      const errors = logProbs.map(
        (y, k) => Math.abs(y - exact.logProbs[k]!) / Math.max(1, Math.abs(exact.logProbs[k]!)),
      );
      expect(Math.max(...errors)).toBeLessThan(2e-6);
      const best = exact.orders[exact.sums.indexOf(Math.max(...exact.sums))]!;
      expect(await values(gibbs.mode(x()))).toEqual(matrixOf(best));
    }
  });

  test("the divergence is right, also of laws that are near each other", async () => {
    for (const [seed, difference] of [0.01, 1, 5].entries()) {
      const logits = float32(normals(seed, n * n, 2));
      const prior = float32(logits.map((l, i) => l + difference * normals(seed + 50, n * n)[i]!));
      const [p, q] = [enumerated(logits, n), enumerated(prior, n)];
      const exact = sum(p.probabilities.map((x, k) => x * (p.logProbs[k]! - q.logProbs[k]!)));
      const [found] = await values(gibbs.kl(square(logits, n), square(prior, n)));
      expect(Math.abs(found! - exact)).toBeLessThan(2e-6 * Math.max(1, ...p.logProbs.map(Math.abs)));
      expect(found).toBeGreaterThanOrEqual(0);
      const [fromUniform] = await values(gibbs.kl(square(logits, n)));
      expect(fromUniform).toBeCloseTo(Math.log(p.orders.length) - p.entropy, 4);
    }
  });
});

describe("at its largest n", () => {
  const n = 12;

  test("the permanent is that of Ryser's formula, and of ones it is n!", async () => {
    const logits = float32(normals(5, n * n));
    const [found] = await values(gibbs.logPartition(square(logits, n)));
    expect(Math.abs(found! - ryser(logits, n))).toBeLessThan(2e-5);
    const [ofOnes] = await values(gibbs.logPartition(np.zeros([n, n])));
    expect(ofOnes).toBeCloseTo(sum(range(n).map((i) => Math.log(i + 1))), 5);
  });

  test("marginals have rows and columns that sum to 1, and a gradient that equals finite differences", async () => {
    const logits = normals(6, n * n);
    const mean = await values(gibbs.marginals(square(logits, n)));
    for (const i of range(n)) {
      expect(sum(range(n).map((j) => mean[i * n + j]!))).toBeCloseTo(1, 5);
      expect(sum(range(n).map((j) => mean[j * n + i]!))).toBeCloseTo(1, 5);
    }
    const cotangent = normals(7, n * n);
    const direction = normals(8, n * n);
    const loss = (l: Array) => gibbs.marginals(l).mul(square(cotangent, n)).sum();
    const gradient = await values(grad(loss)(square(logits, n)));
    const along = async (step: number) =>
      (
        await values(
          loss(
            square(
              logits.map((l, i) => l + step * direction[i]!),
              n,
            ),
          ),
        )
      )[0]!;
    const numeric = ((await along(0.02)) - (await along(-0.02))) / 0.04;
    expect(Math.abs(sum(gradient.map((g, i) => g * direction[i]!)) - numeric)).toBeLessThan(1e-3);
  });

  test("a larger one is refused, with its name", () => {
    const logits = () => np.zeros([2, 13, 13]);
    const message = "n is at most 12, because the time grows as n 2^n, got logits float32[2,13,13].";
    expect(() => gibbs.logPartition(logits())).toThrow(new RangeError(`permutation.gibbs.logPartition: ${message}`));
    expect(() => gibbs.sample(random.key(0), logits())).toThrow(RangeError);
    expect(() => gibbs.support(np.zeros([9, 9]))).toThrow("at most 65536 values");
  });
});

describe("what is not asked of every structure", () => {
  test("a uniform law draws all permutations alike, of four", async () => {
    const draws = 24_000;
    const counts = new Map(permutations(4).map((order) => [matrixOf(order).join(), 0]));
    const found = await values(gibbs.sample(random.key(1), np.zeros([draws, 4, 4])));
    for (const i of range(draws)) {
      const name = found.slice(16 * i, 16 * (i + 1)).join();
      counts.set(name, counts.get(name)! + 1);
    }
    const pValue = chiSquarePValue([...counts.values()], new globalThis.Array(24).fill(1 / 24));
    expect(pValue).toBeGreaterThan(FALSE_ALARM);
  });

  test("logProb of what is no permutation is -Infinity, of NaN it is NaN", async () => {
    const x = () => np.zeros([2, 2]);
    const others = [
      [1, 0, 1, 0],
      [1, 1, 0, 0],
      [0.5, 0.5, 0.5, 0.5],
      [0, 0, 0, 0],
      [2, 0, 0, 1],
    ];
    const found = await values(gibbs.logProb(square(others.flat(), 2, [5]), x()));
    expect(found).toEqual(others.map(() => Number.NEGATIVE_INFINITY));
    expect(await values(gibbs.logProb(np.array([[1, Number.NaN], [0, 1]]), x()))).toEqual([Number.NaN]); // biome-ignore format: short
  });

  test("a mask that leaves every row and column a place, but no permutation, has no law", async () => {
    const no = Number.NEGATIVE_INFINITY;
    const masked = () => np.array([[0, no, no], [0, no, no], [no, 0, 0]]); // biome-ignore format: a matrix
    for (const f of [gibbs.logPartition, gibbs.marginals, gibbs.entropy, gibbs.mode]) {
      expect((await values(f(masked()))).every(Number.isNaN)).toBe(true);
    }
    const hard = permutation.relax(random.key(0), masked(), { hard: true });
    expect((await values(hard)).every(Number.isNaN)).toBe(true);
    await expect(permutation.sample(random.key(0), masked())).rejects.toThrow(RangeError);
  });

  test("the divergence from a prior that forbids what is taken is Infinity", async () => {
    const no = Number.NEGATIVE_INFINITY;
    const prior = np.array([[no, 0], [0, 0]]); // biome-ignore format: a matrix
    expect(await values(gibbs.kl(np.zeros([2, 2]), prior.ref))).toEqual([Number.POSITIVE_INFINITY]);
    expect(await values(gibbs.kl(prior.ref, np.zeros([2, 2])))).toEqual([Math.fround(Math.log(2))]);
    expect(await values(gibbs.kl(prior.ref, prior))).toEqual([0]);
  });

  test("expectation takes it, exactly, by the score function, and by the exact mean", async () => {
    const logits = normals(9, 9);
    const cost = (value: Array) => np.square(value.mul(square(range(9), 3)).sum([-1, -2]));
    const exact = () => grad((l: Array) => expectation(gibbs, random.key(0), l, cost, { estimator: "exact" }));
    const loss = (l: Array) => expectation(gibbs, random.key(0), l, cost, { estimator: "exact" });
    const numeric = await numericalGradient(async (x) => (await values(loss(square(x, 3))))[0]!, logits);
    expect(largestDifference(await values(exact()(square(logits, 3))), numeric)).toBeLessThan(2e-2);
    for (const options of [{ estimator: "score-function", samples: 20_000 }, { estimator: "simple" }] as const) {
      const estimate = grad((l: Array) => expectation(gibbs, random.key(0), l, cost, options));
      const found = await values(estimate(square(logits, 3)));
      expect(found.every(Number.isFinite)).toBe(true);
    }
    const linear = (value: Array) => value.mul(square(range(9), 3)).sum([-1, -2]);
    const simple = grad((l: Array) => expectation(gibbs, random.key(0), l, linear, { estimator: "simple" }));
    const ofMean = grad((l: Array) =>
      gibbs
        .marginals(l)
        .mul(square(range(9), 3))
        .sum(),
    );
    expect(largestDifference(await values(simple(square(logits, 3))), await values(ofMean(square(logits, 3))))).toBe(0);
    expect(() =>
      // @ts-expect-error: there is no relax.
      expectation(gibbs, random.key(0), np.zeros([3, 3]), cost, { estimator: "straight-through" }),
    ).toThrow('"straight-through" needs a structure with relax, and this one has none.');
  });
});

describe("the hard value of permutation.relax", () => {
  const options = { hard: true, iterations: 2 } as const;
  const ties: Record<string, (n: number, count: number) => number[]> = {
    "of any logits": (n, count) => normals(n, count * n * n, 2),
    "that are equal": (n, count) => new globalThis.Array<number>(count * n * n).fill(0),
    "so large that noise is lost in them": (n, count) => normals(n, count * n * n).map((l) => (l > 0 ? 1e7 : -1e7)),
    "some of which are impossible": (n, count) =>
      normals(n, count * n * n).map((l, at) =>
        Math.floor(at / n) % n !== at % n && l > 0.5 ? Number.NEGATIVE_INFINITY : Math.round(l),
      ),
  };

  test.each(Object.keys(ties))("is that of sample, to the last bit, for logits %s", async (name) => {
    // WebGPU's noise differs by rounding from one kernel to another.
    if (device === "webgpu" && name === "of any logits") return;
    for (const n of [1, 2, 3, 5, 8, 10]) {
      const batch = () => square(ties[name]!(n, 6), n, [6]);
      const exact = await values(await permutation.sample(random.key(3), batch()));
      expect(await values(permutation.relax(random.key(3), batch(), options))).toEqual(exact);
      const mode = await values(await permutation.mode(batch()));
      expect(await values(permutation.relax(random.key(3), batch(), { ...options, noise: 0 }))).toEqual(mode);
      expect(await values(gibbs.mode(batch()))).toEqual(mode);
    }
  });

  test("of equals is the first in the order of support, of mode too", async () => {
    const identity = range(16).map((at) => (at % 5 === 0 ? 1 : 0));
    expect(await values(gibbs.mode(np.zeros([4, 4])))).toEqual(identity);
    expect(await values(await permutation.mode(np.zeros([4, 4])))).toEqual(identity);
    expect(await values(permutation.relax(random.key(0), np.zeros([4, 4]), { ...options, noise: 0 }))).toEqual(
      identity,
    );
  });

  test("works inside jit and vmap, with the gradient of straightThrough", async () => {
    const [logits, weights] = [normals(4, 27), normals(5, 27)];
    const loss = (l: Array) =>
      permutation
        .relax(np.array(new Uint32Array([0, 1])), l, { hard: true, temperature: 0.5 })
        .mul(square(weights, 3, [3]))
        .sum();
    const draw = await permutation.sample(np.array(new Uint32Array([0, 1])), square(logits, 3, [3]));
    const byHand = (l: Array) =>
      straightThrough(permutation.relax(np.array(new Uint32Array([0, 1])), l, { temperature: 0.5 }), draw.ref)
        .mul(square(weights, 3, [3]))
        .sum();
    const expected = await values(grad(byHand)(square(logits, 3, [3])));
    expect(await values(grad(loss)(square(logits, 3, [3])))).toEqual(expected);
    expect(largestDifference(await values(jit(grad(loss))(square(logits, 3, [3]))), expected)).toBeLessThan(1e-6);
    const keys = random.split(random.key(1), 3);
    const mapped = vmap((key: Array, l: Array) => permutation.relax(key, l, options));
    for (const value of await values(mapped(keys, square(logits, 3, [3])))) expect([0, 1]).toContain(value);
  });

  test("of a larger n is refused, and the error says what to do", () => {
    expect(() => permutation.relax(random.key(0), np.zeros([11, 11]), { hard: true })).toThrow(
      "permutation.relax: hard is for n up to 10, because it takes a time that grows as n 2^n, got logits " +
        "float32[11,11]. Draw by sample outside of jit, with the key that relax has, and use straightThrough(relax, draw).",
    );
  });
});
