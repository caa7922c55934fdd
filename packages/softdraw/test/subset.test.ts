import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { devices, values, valuesOfAll } from "@softdraw/testing/device";
import {
  chiSquarePValue,
  differences,
  FALSE_ALARM,
  largestDifference,
  normals,
  numericalGradient,
} from "@softdraw/testing/numbers";
import * as fc from "fast-check";
import { noise, subset } from "softdraw";
import { describe, expect, test, vi } from "vitest";
import { columnsFor, gumbelBound } from "../src/subset/perturbed.ts";

type Array = np.Array;

const { NEGATIVE_INFINITY } = Number;
const RELAXATIONS = ["threshold", "successive"] as const;

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const integers = (x: number[] | number[][]) => np.array(x, { dtype: np.int32 });
const rowsOf = (x: number[], n: number) => Array.from({ length: x.length / n }, (_, i) => x.slice(i * n, (i + 1) * n));

/** The indices of the k largest, the first of equals. */
const largest = (x: number[], k: number) =>
  x
    .map((_, i) => i)
    .sort((i, j) => x[j]! - x[i]! || i - j)
    .slice(0, k);
const hot = (indices: number[], n: number) => Array.from({ length: n }, (_, i) => (indices.includes(i) ? 1 : 0));

/** Every ordered choice of k of n. */
const orders = (n: number, k: number): number[][] =>
  k === 0
    ? [[]]
    : orders(n, k - 1).flatMap((order) =>
        [...Array(n).keys()].filter((i) => !order.includes(i)).map((i) => [...order, i]),
      );

/** Plackett-Luce in float64. */
function orderProbability(order: number[], weights: number[]): number {
  let left = sum(weights);
  return order.reduce((p, i) => {
    const share = weights[i]! / left;
    left -= weights[i]!;
    return p * share;
  }, 1);
}

/** The law of the set: by key, its members in ascending order. */
function setLaw(weights: number[], k: number): Map<string, number> {
  const law = new Map<string, number>();
  for (const order of orders(weights.length, k)) {
    const set = order.toSorted((a, b) => a - b).join();
    law.set(set, (law.get(set) ?? 0) + orderProbability(order, weights));
  }
  return law;
}

/** The integral over the time of the first entry that is not taken, by many equal steps of its logarithm. */
function setLogProbInFloat64(khot: number[], logits: number[]): number {
  const others = sum(logits.map((l, i) => (khot[i] ? 0 : Math.exp(l))));
  const rates = logits.filter((_, i) => khot[i]).map((l) => Math.exp(l) / others);
  const step = 0.01;
  const terms = Array.from({ length: 5000 }, (_, m) => {
    const time = Math.exp(-40 + step * m);
    return rates.reduce((log, rate) => log + Math.log(-Math.expm1(-time * rate)), Math.log(time * step) - time);
  });
  const top = Math.max(...terms);
  return top + Math.log(sum(terms.map((term) => Math.exp(term - top))));
}

function pValueOfSets(sets: number[][], law: Map<string, number>): number {
  const counts = new Map<string, number>();
  for (const set of sets) {
    const key = set.toSorted((a, b) => a - b).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return chiSquarePValue(
    [...law.keys()].map((key) => counts.get(key) ?? 0),
    [...law.values()],
  );
}

describe("weights 1, 2, 3, 4: ten thousand subsets of two", () => {
  const weights = [1, 2, 3, 4];
  const draws = 10_000;
  const logits = () => np.broadcastTo(np.log(np.array(weights)), [draws, 4]);
  const law = setLaw(weights, 2);
  const largestOfRows = async (x: Array) => rowsOf(await values(x), 4).map((row) => largest(row, 2));
  const samplers: Record<string, () => number[][] | Promise<number[][]>> = {
    sample: () => largestOfRows(subset.sample(random.key(1), logits(), 2)),
    sampleOrdered: async () => rowsOf(await values(subset.sampleOrdered(random.key(2), logits(), 2)), 2),
    "relax, hard": () => largestOfRows(subset.relax(random.key(3), logits(), 2, { temperature: 0.5, hard: true })),
    "the two largest of relax": () => largestOfRows(subset.relax(random.key(4), logits(), 2, { temperature: 0.5 })),
    reservoir: () =>
      Array.from({ length: draws }, (_, seed) =>
        subset.reservoir([0, 1, 2, 3], 2, { seed, weight: (i) => weights[i]! }),
      ),
  };

  test.each(Object.entries(samplers))("%s follows the exact law", async (_, sampler) => {
    expect(pValueOfSets(await sampler(), law)).toBeGreaterThan(FALSE_ALARM);
  });

  test("the two largest of a successive draw are those of the exact draw, except where it changes their order", async () => {
    const options = { temperature: 0.5, relaxation: "successive" } as const;
    const relaxed = await largestOfRows(subset.relax(random.key(5), logits(), 2, options));
    const exact = await largestOfRows(subset.sample(random.key(5), logits(), 2));
    const same = relaxed.filter((set, i) => largestDifference(set.sort(), exact[i]!.sort()) === 0).length;
    expect(same / draws).toBeGreaterThan(0.9);
  });

  test("another law is found out", async () => {
    const uniform = subset.sample(random.key(6), np.zeros([draws, 4]), 2);
    expect(pValueOfSets(await largestOfRows(uniform), law)).toBeLessThan(FALSE_ALARM);
  });
});

describe("draws", () => {
  test("the order of sampleOrdered follows Plackett-Luce", async () => {
    const weights = [1, 2, 0.5, 4];
    const all = orders(4, 3);
    const logits = np.broadcastTo(np.log(np.array(weights)), [50_000, 4]);
    const counts = new Map(all.map((order) => [order.join(), 0]));
    for (const order of rowsOf(await values(subset.sampleOrdered(random.key(7), logits, 3)), 3)) {
      counts.set(order.join(), counts.get(order.join())! + 1);
    }
    const law = all.map((order) => orderProbability(order, weights));
    expect(chiSquarePValue([...counts.values()], law)).toBeGreaterThan(FALSE_ALARM);
  });

  // From few enough to sort, to blocks of blocks, and to a length that no block divides.
  test.each([
    [7, 7],
    [40, 1],
    [1000, 3],
    [1003, 10],
    [50_000, 20],
  ])("of %i entries the %i largest perturbed ones, the largest first", async (n, k) => {
    const logits = () => np.array(normals(n, 2 * n), { shape: [2, n] });
    const perturbed = rowsOf(await values(noise.perturb(random.key(8), logits())), n);
    const expected = perturbed.map((row) => largest(row, k));
    expect(rowsOf(await values(subset.sampleOrdered(random.key(8), logits(), k)), k)).toEqual(expected);
    const sampled = rowsOf(await values(subset.sample(random.key(8), logits(), k)), n);
    expect(sampled).toEqual(expected.map((indices) => hot(indices, n)));
  });

  // So few of so many that most of the noise is only bounded.
  const kinds: Record<string, (i: number, normal: number) => number> = {
    normal: (_, normal) => normal,
    equal: () => -3,
    "equal but for a few": (i) => (i % 1000 === 7 ? 30 : 0),
    exponential: (i) => -i / 50,
    "mostly impossible": (i, normal) => (i % 200 === 3 ? normal : NEGATIVE_INFINITY),
    "of thousands": (_, normal) => 1e4 * Math.sign(normal) + normal,
  };

  test.each(Object.entries(kinds))("of many entries a few, logits %s, under every transformation", async (_, logit) => {
    for (const [n, k] of [
      [4224, 1],
      [20_011, 20],
      [30_000, 100],
    ] as const) {
      const logits = () =>
        np.array(
          normals(n, 2 * n).map((x, i) => logit(i % n, x)),
          { shape: [2, n] },
        );
      const expected = async (perturbed: Array) => rowsOf(await values(perturbed), n).map((row) => largest(row, k));
      const draw = (key: Array, l: Array) => subset.sampleOrdered(key, l, k);
      const drawn = async (indices: Array) => rowsOf(await values(indices), k);
      const ofBatch = await expected(noise.perturb(random.key(n), logits()));
      expect(await drawn(draw(random.key(n), logits()))).toEqual(ofBatch);
      expect(await drawn(jit(draw)(random.key(n), logits()))).toEqual(ofBatch);
      const keys = () => random.split(random.key(n), 2);
      const perturbedRows = [0, 1].map((i) => noise.perturb(keys().slice(i), logits().slice(i)));
      const ofRows = (await Promise.all(perturbedRows.map(expected))).flat();
      expect(await drawn(vmap(draw)(keys(), logits()))).toEqual(ofRows);
      expect(await drawn(jit(vmap(draw))(keys(), logits()))).toEqual(ofRows);
    }
  });

  // The score function's way: a draw and its likelihood, differentiated or mapped together.
  test.each([
    [5, 2],
    [1000, 3],
    [5000, 3],
  ])("of %i entries %i, in order, have their likelihood and its gradient under every transformation", async (n, k) => {
    const logProbOfDraw = (key: Array, l: Array) => {
      const order = subset.sampleOrdered(key, l.ref, k);
      expect(order.dtype).toBe(np.int32);
      return subset.logProb(order, l);
    };
    const keys = () => random.split(random.key(9), 2);
    const logits = () => np.array(normals(n, 2 * n), { shape: [2, n] });
    const eager = await valuesOfAll([0, 1].map((i) => logProbOfDraw(keys().slice(i), logits().slice(i))));
    expect(largestDifference(await values(vmap(logProbOfDraw)(keys(), logits())), eager)).toBeLessThan(1e-5);
    expect(largestDifference(await values(jit(vmap(logProbOfDraw))(keys(), logits())), eager)).toBeLessThan(1e-5);
    const slope = (l: Array) => values(grad((l: Array) => logProbOfDraw(keys().slice(0), l))(l));
    const order = subset.sampleOrdered(keys().slice(0), logits().slice(0), k);
    const ofFixed = await values(grad((l: Array) => subset.logProb(order, l))(logits().slice(0)));
    expect(await slope(logits().slice(0))).toEqual(ofFixed);
  });

  test("of equals, the first", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 200 }),
        fc.nat(),
        async (x, seed) => {
          const k = 1 + (seed % x.length);
          expect(await values(subset.mode(np.array(x, { dtype: np.float32 }), k))).toEqual(
            hot(largest(x, k), x.length),
          );
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  // Searched in rows, and in rows of rows, with entries left over.
  test.each([
    [256, 1],
    [1003, 60],
    [5003, 7],
    [30_000, 100],
  ])("of %i entries with many equals, the first %i", async (n, k) => {
    const levels = [NEGATIVE_INFINITY, -2, 0, 1, 7];
    const rare = (x: number) => levels[Math.min(levels.length - 1, Math.floor(-Math.log(x)))]!;
    const x = (await values(random.uniform(random.key(n), [2 * n]))).map(rare);
    const expected = rowsOf(x, n).flatMap((row) => hot(largest(row, k), n));
    expect(await values(subset.mode(np.array(x, { shape: [2, n] }), k))).toEqual(expected);
  });
});

describe("the bound of the noise", async () => {
  const PATTERNS = 2 ** 32;
  const powers = Array.from({ length: 32 }, (_, i) => 2 ** i).flatMap((x) => [x - 1, x, x + 1, PATTERNS - x]);
  const ends = Array.from({ length: 4096 }, (_, i) => [i, PATTERNS - 1 - i]).flat();
  const dense = Array.from({ length: 2 ** 16 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
  const logarithmic = Array.from({ length: 2 ** 14 }, (_, i) => Math.floor(2 ** (i / 512)));
  const patterns = [...powers, ...ends, ...dense, ...logarithmic];
  const bits = () => np.array(Uint32Array.from(patterns), { dtype: np.uint32 });
  const bounds = await values(gumbelBound(bits()));

  test("is above it", async () => {
    const engine = await values(noise.gumbelFromBits(bits()));
    const exact = patterns.map((x) => -Math.log(-Math.log1p(-(x + 0.5) / PATTERNS)));
    expect(Math.min(...bounds.map((bound, i) => bound - engine[i]!))).toBeGreaterThan(1e-3);
    expect(Math.min(...bounds.map((bound, i) => bound - exact[i]!))).toBeGreaterThan(1e-3);
  });

  // What the number of columns rests on.
  const SHARE = 0.83;

  test("is exceeded by the noise in 0.83 of the cases or more in which it is above a number itself", () => {
    const shares = bounds.map((bound, i) => -Math.expm1(-Math.exp(-bound)) / ((patterns[i]! + 0.5) / PATTERNS));
    expect(Math.min(...shares)).toBeGreaterThan(SHARE);
  });

  test("misses none of the k largest but once in 1e13 draws", () => {
    for (let k = 1; k <= 3000; k = Math.ceil(1.1 * k)) {
      const count = columnsFor(k);
      // By logarithms: the first terms are too small for numbers.
      let logTerm = count * Math.log(1 - SHARE);
      let missed = 0;
      for (let j = 0; j < k; j++) {
        missed += Math.exp(logTerm);
        logTerm += Math.log((((count - j) / (j + 1)) * SHARE) / (1 - SHARE));
      }
      expect(missed).toBeLessThan(1e-13);
    }
  });
});

describe("likelihoods", () => {
  const logits = [1, -0.5, 0.25, 2, -3, 0, 0.75, -1];
  const weights = logits.map(Math.exp);

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("setLogProb of every set of %i of 8 is the sum over its orders", async (k) => {
    const law = [...setLaw(weights, k)];
    const khot = np.array(law.map(([set]) => hot(set.split(",").map(Number), 8)));
    const logP = await values(subset.setLogProb(khot.astype(np.float32), np.array(logits), k));
    expect(
      largestDifference(
        logP,
        law.map(([, p]) => Math.log(p)),
      ),
    ).toBeLessThan(1e-4);
    expect(sum(logP.map(Math.exp))).toBeCloseTo(1, 4);
  });

  test.each([
    [5, 2, 1e-5],
    [20, 10, 3e-5],
    [100, 10, 6e-5],
    [400, 200, 5e-4],
    [1000, 500, 2e-3],
  ])("setLogProb of %i entries, %i of them taken, is off by at most %d from float64", async (n, k, error) => {
    for (const seed of [1, 2, 3]) {
      const at = normals(seed, n).map(Math.fround);
      const keys = normals(seed + 10, n).map((noise, i) => at[i]! + noise);
      const khot = hot(largest(keys, k), n);
      const logP = await values(subset.setLogProb(np.array(khot), np.array(at), k));
      expect(largestDifference(logP, [setLogProbInFloat64(khot, at)])).toBeLessThan(error);
    }
  });

  test("setLogProb of what is no k-hot vector is -Infinity, whatever its sum", async () => {
    const logits = () => np.array([0, 1, 2, 3]);
    const wrong = [
      [2, 0, 0, 0],
      [0.5, 0.5, 0.5, 0.5],
      [0.9, 1.1, 0, 0],
      [1, 1, 1, -1],
      [1, 1, Number.POSITIVE_INFINITY, NEGATIVE_INFINITY],
      [1, 0, 0, 0],
    ];
    expect(await values(subset.setLogProb(np.array(wrong), logits(), 2))).toEqual(wrong.map(() => NEGATIVE_INFINITY));
    expect(await values(subset.setLogProb(np.array([1, 1, Number.NaN, 0]), logits(), 2))).toEqual([Number.NaN]);
    expect(await values(subset.of(2).logProb(np.array([2, 0, 0, 0]), logits()))).toEqual([NEGATIVE_INFINITY]);
    expect(await values(subset.setLogProb(np.array([0.5, 0.5, 0.5, 0.5]), logits(), 4))).toEqual([NEGATIVE_INFINITY]);
  });

  test.each([1, 3, 7])("the gradient of setLogProb for %i of 8 equals that of the enumeration", async (k) => {
    const chosen = largest(logits, k).toReversed();
    const exact = (l: number[]) => Math.log(setLaw(l.map(Math.exp), k).get(chosen.toSorted((a, b) => a - b).join())!);
    const khot = np.array(hot(chosen, 8));
    const gradient = grad((l: Array) => subset.setLogProb(khot, l, k))(np.array(logits));
    expect(largestDifference(await values(gradient), await numericalGradient(exact, logits, 1e-4))).toBeLessThan(1e-4);
  });

  test.each([-50, -1e4, -1e8, -1e28])("members that are alike, %d below the others: each is as likely", async (far) => {
    const logits = () => np.array([0, 0, far, far, far]);
    const logThird = Math.log(1 / 3);
    const ofSet = await values(subset.setLogProb(np.array([1, 1, 1, 0, 0]), logits(), 3));
    expect(ofSet[0]).toBeCloseTo(logThird, 5);
    const ofOrder = await values(subset.logProb(np.array([0, 1, 2], { dtype: np.int32 }), logits()));
    expect(ofOrder[0]).toBeCloseTo(logThird - Math.log(2), 5);
  });

  test("setLogProb of likely and of unlikely sets, of large ones, and of all", async () => {
    const step = (n: number, k: number, height: number) => Array.from({ length: n }, (_, i) => (i < k ? height : 0));
    const logP = async (n: number, k: number, height: number) =>
      (await values(subset.setLogProb(np.array(step(n, k, 1)), np.array(step(n, k, height)), k)))[0]!;
    const equal = (n: number, k: number) => -sum(Array.from({ length: k }, (_, i) => Math.log((n - i) / (k - i))));
    expect(await logP(50, 20, 0)).toBeCloseTo(equal(50, 20), 2);
    expect((await logP(1000, 300, 0)) / equal(1000, 300)).toBeCloseTo(1, 5);
    expect(await logP(10, 4, 200)).toBeCloseTo(0, 4);
    expect(await logP(10, 4, -200)).toBeCloseTo(-800 - Math.log(6 ** 4 / 24), 1);
    expect(await logP(5, 5, 3)).toBeCloseTo(0, 5);
  });

  test("logProb of every order", async () => {
    const all = orders(5, 3);
    const at = logits.slice(0, 5);
    const expected = all.map((order) => Math.log(orderProbability(order, at.map(Math.exp))));
    expect(largestDifference(await values(subset.logProb(integers(all), np.array(at))), expected)).toBeLessThan(5e-5);
  });

  test("what cannot be drawn has log-probability -Infinity, and finite gradients beside it", async () => {
    const masked = () => np.array([0, 1, NEGATIVE_INFINITY, 2]);
    const draws = [
      [0, 1],
      [0, 2],
      [1, 1],
      [0, 4],
      [-1, 0],
    ];
    expect((await values(subset.logProb(integers(draws), masked()))).map(Number.isFinite)).toEqual([
      true,
      ...[false, false, false, false],
    ]);
    const sets = [
      [1, 1, 0, 0],
      [1, 0, 1, 0],
      [1, 0, 0, 0],
      [1, 1, 0, 1],
    ];
    expect((await values(subset.setLogProb(np.array(sets), masked(), 2))).map(Number.isFinite)).toEqual([
      true,
      ...[false, false, false],
    ]);
    const gradient = grad((l: Array) => subset.setLogProb(np.array([1, 1, 0, 0]), l, 2))(masked());
    expect((await values(gradient)).every(Number.isFinite)).toBe(true);
  });
});

type Golden = {
  relaxation: subset.Relaxation;
  k: number;
  temperature: number;
  value: number[];
  gradient: number[];
};

/**
 * In float64. "successive" by PyTorch 1.13: k times `s = s + log(1 - p); p = softmax(s / T)`, the p summed, and its
 * gradient for the weights 1 to 6. "threshold" by two hundred bisections, and the implicit gradient in closed form.
 */
const golden = {
  logits: [1, -0.5, 0.25, 2, -3, 0],
  weights: [1, 2, 3, 4, 5, 6],
  relaxed: [
    {
      relaxation: "successive",
      k: 3,
      temperature: 1,
      value: [0.74237, 0.209117, 0.409868, 1.290726, 0.018313, 0.329605],
      gradient: [-1.094976, -0.212309, -0.029609, 0.45124, 0.034654, 0.851],
    },
    {
      relaxation: "successive",
      k: 3,
      temperature: 0.5,
      value: [0.930249, 0.119505, 0.437921, 1.217648, 0.000854, 0.293823],
      gradient: [-1.010311, -0.283483, -0.174142, 0.109794, 0.002973, 1.35517],
    },
    {
      relaxation: "successive",
      k: 2,
      temperature: 2,
      value: [0.441801, 0.216216, 0.310224, 0.693276, 0.063251, 0.275232],
      gradient: [-0.464781, -0.132588, -0.039145, 0.220553, 0.054436, 0.361525],
    },
    {
      relaxation: "threshold",
      k: 3,
      temperature: 1,
      value: [0.712697, 0.356296, 0.539548, 0.870853, 0.04346, 0.477146],
      gradient: [-0.467056, -0.293794, -0.069809, 0.080865, 0.071461, 0.678332],
    },
    {
      relaxation: "threshold",
      k: 3,
      temperature: 0.5,
      value: [0.843476, 0.211538, 0.545951, 0.975501, 0.001804, 0.42173],
      gradient: [-0.63429, -0.467736, -0.199388, 0.028575, 0.005756, 1.267084],
    },
    {
      relaxation: "threshold",
      k: 5,
      temperature: 2,
      value: [0.910863, 0.828384, 0.875361, 0.94397, 0.580351, 0.861071],
      gradient: [-0.113424, -0.12752, -0.043313, 0.005448, 0.146859, 0.13195],
    },
  ] as Golden[],
};

describe.each(devices)("on %s", (device) => {
  test.each(golden.relaxed)(
    "the $relaxation relaxation at temperature $temperature has its golden value and gradient",
    async ({ relaxation, k, temperature, value, gradient }) => {
      const relaxed = (l: Array) => subset.softMode(l, k, { relaxation, temperature });
      const logits = () => np.array(golden.logits, { device });
      expect(largestDifference(await values(relaxed(logits())), value)).toBeLessThan(2e-5);
      const loss = (l: Array) => relaxed(l).mul(np.array(golden.weights, { device })).sum();
      expect(largestDifference(await values(grad(loss)(logits())), gradient)).toBeLessThan(1e-4);
    },
  );

  test("draws and likelihoods", async () => {
    const logits = () => np.array(golden.logits, { device });
    const key = () => np.array(new Uint32Array([1, 2]), { device });
    const order = subset.sampleOrdered(key(), logits(), 3);
    expect(order.device).toBe(device);
    expect(await values(subset.sample(key(), logits(), 3))).toEqual(hot(await values(order.ref), 6));
    expect((await values(subset.logProb(order, logits()))).every(Number.isFinite)).toBe(true);
    const khot = subset.sample(key(), logits(), 3);
    expect((await values(subset.setLogProb(khot, logits(), 3))).every(Number.isFinite)).toBe(true);
  });
});

/** `sigmoid((x - t) / temperature)` that sums to k, by bisection in float64. */
function exactThreshold(x: number[], k: number, temperature: number): number[] {
  const at = (t: number) => x.map((l) => 1 / (1 + Math.exp((t - l) / temperature)));
  let [low, high] = [Math.min(...x) - 40 * temperature, Math.max(...x) + 40 * temperature];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) > k) low = middle;
    else high = middle;
  }
  return at((low + high) / 2);
}

describe("the threshold relaxation", () => {
  const shapes = [
    [2, 1],
    [9, 3],
    [9, 8],
    [1000, 10],
    [1000, 500],
  ] as const;
  const scales = [0, 1, 30, 1e4];

  test.each(shapes)("of %i entries %i: the exact solution, at any scale and temperature", async (n, k) => {
    for (const temperature of [0.01, 0.5, 1, 100]) {
      for (const scale of scales) {
        const x = normals(n + k, 2 * n, scale);
        const relaxed = await values(subset.softMode(np.array(x, { shape: [2, n] }), k, { temperature }));
        const exact = rowsOf(x, n).flatMap((row) => exactThreshold(row, k, temperature));
        // Entries of 1e4 are 1e-3 apart in float32.
        expect(largestDifference(relaxed, exact), `scale ${scale}, temperature ${temperature}`).toBeLessThan(1e-4);
        for (const row of rowsOf(relaxed, n)) expect(Math.abs(sum(row) - k)).toBeLessThan(1e-5 * n);
      }
    }
  });

  const MASKS = [-1e4, -1e7, -1e8, -1e9, -1e10, -1e12, -1e20, -1e29, -1e30, -1e35, -3e38, NEGATIVE_INFINITY];

  test.each(MASKS)("a mask of %f takes an entry out, whatever its size", async (mask) => {
    const masked = () => np.array([0, mask, 2, 1]);
    const right = [0.4508924, 0, 0.8585058, 0.6906017];
    expect(largestDifference(await values(subset.softMode(masked(), 2)), right)).toBeLessThan(1e-6);
    const loss = (l: Array) =>
      subset
        .softMode(l, 2)
        .mul(np.array([1, 2, 3, 4]))
        .sum();
    expect(largestDifference(await values(grad(loss)(masked())), [-0.3756, 0, 0.0587, 0.3169])).toBeLessThan(1e-4);
    const hard = await values(subset.relax(random.key(0), masked(), 2, { hard: true }));
    expect(hard).toEqual(await values(subset.sample(random.key(0), masked(), 2)));
  });

  test.each(MASKS)("950 of 1000 entries may be masked with %f", async (mask) => {
    const logits = normals(5, 1000).map((l, i) => (i % 20 === 3 ? Math.fround(l) : mask));
    const allowed = logits.filter((_, i) => i % 20 === 3);
    const found = await values(subset.softMode(np.array(logits), 5));
    const exact = exactThreshold(allowed, 5, 1);
    expect(
      largestDifference(
        found,
        logits.map((_, i) => (i % 20 === 3 ? exact[(i - 3) / 20]! : 0)),
      ),
    ).toBeLessThan(1e-5);
  });

  test.each([
    [1, 1e-7],
    [1, 1e-8],
    [1, 1e-9],
    [1e7, 1],
    [1e8, 1],
    [1e20, 1],
  ])("logits times %f at temperature %f are far apart", async (scale, temperature) => {
    const logits = np.array([0, -1, 2, 1].map((l) => l * scale));
    expect(await values(subset.softMode(logits, 2, { temperature }))).toEqual([0, 0, 1, 1]);
  });

  test("numbers of every size and either sign in one row", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const [signs, sizes, rest] = [normals(3 * seed, 40), normals(3 * seed + 1, 40), normals(3 * seed + 2, 1)];
      const logits = signs.map((sign, i) => Math.fround(Math.sign(sign) * 10 ** (8 * sizes[i]!)));
      const k = 1 + Math.floor(39 / (1 + Math.exp(-rest[0]!)));
      const found = await values(subset.softMode(np.array(logits), k));
      expect(largestDifference(found, exactThreshold(logits, k, 1)), `${logits} of ${k}`).toBeLessThan(1e-4);
    }
  });

  test("entries are between 0 and 1 and in the order of the keys", async () => {
    for (const temperature of [0.01, 0.3, 1, 10]) {
      const logits = () => np.array(normals(30, 500 * 10, 2), { shape: [500, 10] });
      const keys = rowsOf(await values(noise.perturb(random.key(9), logits())), 10);
      const relaxed = rowsOf(await values(subset.relax(random.key(9), logits(), 5, { temperature })), 10);
      relaxed.forEach((row, i) => {
        expect(row.every((y) => y >= 0 && y <= 1)).toBe(true);
        const sorted = largest(keys[i]!, 10).map((j) => row[j]!);
        expect(sorted.every((y, j) => j === 0 || y <= sorted[j - 1]! + 1e-6)).toBe(true);
      });
    }
  });

  test("equal keys share what is left", async () => {
    const relaxed = async (x: number[], k: number) =>
      await values(subset.softMode(np.array(x), k, { temperature: 1e-3 }));
    expect(largestDifference(await relaxed([0, 0, 0, 0], 3), [0.75, 0.75, 0.75, 0.75])).toBeLessThan(1e-5);
    expect(largestDifference(await relaxed([5, 1, 1, 1, -2], 2), [1, 1 / 3, 1 / 3, 1 / 3, 0])).toBeLessThan(1e-5);
  });

  test("a saturated vector has the gradient zero", async () => {
    const gradient = grad((l: Array) => subset.softMode(l, 2, { temperature: 0.01 }).mul(np.arange(5)).sum());
    expect((await values(gradient(np.array([9, 6, 3, 0, -3])))).map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
  });

  test("all of n are ones without a gradient", async () => {
    expect(await values(subset.relax(random.key(1), np.array([1, 2, -9]), 3))).toEqual([1, 1, 1]);
    const forbidden = subset.relax(random.key(1), np.array([1, 2, NEGATIVE_INFINITY]), 3);
    expect(await values(forbidden)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    const gradient = grad((l: Array) => subset.relax(random.key(1), l, 3).mul(np.arange(3)).sum());
    expect(await values(gradient(np.array([1, 2, 3])))).toEqual([0, 0, 0]);
  });
});

describe("the successive relaxation", () => {
  const options = { relaxation: "successive" } as const;

  test("has entries above 1 in nearly every draw, and changes the order: what the default is for", async () => {
    const logits = np.zeros([1000, 10]);
    const keys = rowsOf(await values(noise.perturb(random.key(10), logits.ref)), 10);
    const relaxed = rowsOf(await values(subset.relax(random.key(10), logits, 5, { ...options, temperature: 0.5 })), 10);
    expect(relaxed.filter((row) => Math.max(...row) > 1).length).toBeGreaterThan(950);
    const inOrder = relaxed.filter((row, i) => {
      const sorted = largest(keys[i]!, 10).map((j) => row[j]!);
      return sorted.every((y, j) => j === 0 || y <= sorted[j - 1]!);
    });
    expect(inOrder.length).toBeLessThan(950);
  });

  test("sums to k from temperature 0.01 to 100, for logits of 1e4, and for all of n", async () => {
    for (const temperature of [0.01, 0.1, 0.5, 1, 10, 100]) {
      for (const scale of [1, 100, 1e4]) {
        for (const k of [1, 4, 8]) {
          const logits = np.array(normals(k, 50 * 8, scale), { shape: [50, 8] });
          const relaxed = rowsOf(await values(subset.relax(random.key(11), logits, k, { ...options, temperature })), 8);
          for (const row of relaxed) {
            expect(row.every((y) => y >= 0)).toBe(true);
            expect(Math.abs(sum(row) - k)).toBeLessThan(1e-5 * k);
          }
        }
      }
    }
  });

  /** The definition in float64, with 1 - p of the largest entry as the sum of the others. */
  function inFloat64(logits: number[], k: number, temperature: number): number[] {
    let scores = logits.map((x) => x / temperature);
    let taken = logits.map(() => 0);
    for (let i = 0; i < k; i++) {
      const top = scores.indexOf(Math.max(...scores));
      const weights = scores.map((x) => Math.exp(x - scores[top]!));
      const others = sum(weights.filter((_, j) => j !== top));
      const rests = weights.map((w, j) => (j === top ? others / (1 + others) : 1 - w / (1 + others)));
      taken = taken.map((y, j) => y + weights[j]! / (1 + others));
      scores = scores.map((x, j) => x + Math.log(rests[j]!) / temperature);
    }
    return taken;
  }

  test.each([0, 1, 5, 10, 14, 17, 25, 36])(
    "is what it is defined as for an entry that is %i above the others",
    async (gap) => {
      const [logits, cotangent] = [
        [gap, 0, -0.5],
        [1, 2, 5],
      ];
      const loss = (x: number[]) => sum(inFloat64(x, 2, 1).map((y, i) => y * cotangent[i]!));
      const found = await values(subset.softMode(np.array(logits), 2, options));
      expect(largestDifference(found, inFloat64(logits, 2, 1))).toBeLessThan(1e-5);
      const weighed = (x: Array) => subset.softMode(x, 2, options).mul(np.array(cotangent)).sum();
      expect(largestDifference(await values(grad(weighed)(np.array(logits))), differences(loss, logits))).toBeLessThan(
        1e-4,
      );
    },
  );

  test.each([
    [5, 1e-5, 1e-5],
    [1, 1e-5, 1e-5],
    [0.2, 1e-5, 1e-4],
    [0.1, 1e-4, 1e-3],
  ])(
    "10 of 300 at temperature %f: values to %f, gradients to %f of a row's largest",
    async (temperature, far, steep) => {
      const [rows, n, k] = [8, 300, 10];
      const [logits, cotangents] = [rowsOf(normals(12, rows * n, 3), n), rowsOf(normals(13, rows * n, 1), n)];
      const relax = (x: Array) => subset.softMode(x, k, { ...options, temperature });
      const found = rowsOf(await values(relax(np.array(logits))), n);
      const gradient = rowsOf(
        await values(grad((x: Array) => relax(x).mul(np.array(cotangents)).sum())(np.array(logits))),
        n,
      );
      logits.forEach((row, r) => {
        expect(largestDifference(found[r]!, inFloat64(row, k, temperature))).toBeLessThan(far);
        const size = Math.max(1, ...gradient[r]!.map(Math.abs));
        for (const j of largest(gradient[r]!.map(Math.abs), 5)) {
          const loss = ([x]: number[]) =>
            sum(inFloat64(row.with(j, x!), k, temperature).map((y, i) => y * cotangents[r]![i]!));
          const [exact] = differences(loss, [row[j]!], 1e-5 * temperature);
          expect(Math.abs(gradient[r]![j]! - exact!) / size).toBeLessThan(steep);
        }
      });
    },
  );

  test("takes what is far ahead first, whole", async () => {
    const relaxed = subset.softMode(np.array([1e4, -1e4, 100, NEGATIVE_INFINITY]), 3, options);
    expect(await values(relaxed)).toEqual([1, 1, 1, 0]);
  });
});

describe.each(RELAXATIONS)("hard, %s", (relaxation) => {
  test("takes the k largest keys, also where the relaxed vector has another order", async () => {
    const logits = () => np.zeros([500, 10]);
    const options = { temperature: 0.5, relaxation };
    const drawn = await values(subset.relax(random.key(12), logits(), 5, { ...options, hard: true }));
    expect(drawn).toEqual(await values(subset.sample(random.key(12), logits(), 5)));
    expect(sum(drawn)).toBe(2500);
  });

  test("a new temperature does not recompile", async () => {
    const trace = vi.fn((l: Array, temperature: Array) =>
      subset.relax(random.key(1), l, 2, { temperature, relaxation }),
    );
    const relaxed = jit(trace);
    const draws = await Promise.all(
      [0.1, 0.5, 2].map(async (t) => await values(relaxed(np.array([0, 1, 2]), np.array(t)))),
    );
    expect(trace).toHaveBeenCalledTimes(1);
    expect(new Set(draws.map(String)).size).toBe(3);
  });
});

describe("refuses", () => {
  const logits = () => np.zeros([2, 5]);
  const verbs: Record<string, (k: number) => unknown> = {
    mode: (k) => subset.mode(logits(), k),
    relax: (k) => subset.relax(random.key(0), logits(), k),
    sample: (k) => subset.sample(random.key(0), logits(), k),
    sampleOrdered: (k) => subset.sampleOrdered(random.key(0), logits(), k),
    setLogProb: (k) => subset.setLogProb(logits(), logits(), k),
    softMode: (k) => subset.softMode(logits(), k),
  };

  test.each(Object.entries(verbs))("%s: a k that is not from 1 to n", (name, verb) => {
    for (const k of [0, -1, 6, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = `subset.${name}: k must be a whole number from 1 to n = 5, got ${k}.`;
      expect(() => verb(k)).toThrow(new RangeError(message));
    }
    expect(() => verb("2" as unknown as number)).toThrow(RangeError);
  });

  test("a relaxation of another name, a temperature that is not positive", () => {
    const relaxation = "softest" as subset.Relaxation;
    const message = 'subset.softMode: relaxation must be one of "threshold", "successive", got "softest".';
    expect(() => subset.softMode(logits(), 2, { relaxation })).toThrow(new RangeError(message));
    expect(() => subset.relax(random.key(0), logits(), 2, { temperature: 0 })).toThrow(
      "temperature must be a positive",
    );
  });

  test("indices of another type or size", () => {
    expect(() => subset.logProb(np.zeros([2]), logits())).toThrow(
      new TypeError("subset.logProb: indices must be int32, got float32[2]."),
    );
    for (const shape of [[], [0], [6], [3, 2]]) {
      const indices = np.zeros(shape, { dtype: np.int32 });
      expect(() => subset.logProb(indices, logits())).toThrow(RangeError);
    }
  });
});
