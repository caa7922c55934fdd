/** Rankings: the relaxations and the functions of values against their definitions in float64. */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { values, valuesOfAll } from "@softdraw/testing/device";
import { differences, largestDifference, normals, permutations } from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { type ExpectationOptions, expectation, fenchelYoung, ranking, type SoftOptions, subset } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const range = (n: number) => [...globalThis.Array(n).keys()];
const descending = (x: number[]) => [...x].sort((a, b) => b - a);
const softmax = (x: number[]) => {
  const top = Math.max(...x);
  const weights = x.map((e) => Math.exp(e - top));
  return weights.map((w) => w / sum(weights));
};

const sigmoids = {
  logistic: (x: number) => 1 / (1 + Math.exp(-x)),
  cauchy: (x: number) => Math.atan(x) / Math.PI + 0.5,
  optimal: (x: number) => (x < -0.25 ? -1 / (16 * x) : x > 0.25 ? 1 - 1 / (16 * x) : x + 0.5),
};

function neuralSort(s: number[], t: number): number[][] {
  const n = s.length;
  const apart = s.map((a) => sum(s.map((b) => Math.abs(a - b))));
  return range(n).map((r) => softmax(s.map((x, j) => ((n - 1 - 2 * r) * x - apart[j]!) / t)));
}

function softSort(s: number[], t: number): number[][] {
  return descending(s).map((top) => softmax(s.map((x) => -Math.abs(top - x) / t)));
}

/** Of compared pairs the first is to have the larger one. */
function comparisons(network: "bitonic" | "odd-even", n: number): [number, number][] {
  if (network === "odd-even") {
    return range(n).flatMap((t) =>
      range(n - 1).flatMap((i): [number, number][] => (i % 2 === t % 2 ? [[i, i + 1]] : [])),
    );
  }
  const wires = 2 ** Math.ceil(Math.log2(n));
  const pairs: [number, number][] = [];
  for (let k = 2; k <= wires; k *= 2) {
    for (let j = k / 2; j >= 1; j /= 2) {
      for (const i of range(wires)) {
        const other = i ^ j;
        if (other > i) pairs.push((i & k) === 0 || k === wires ? [i, other] : [other, i]);
      }
    }
  }
  return pairs;
}

function sortingNetwork(s: number[], t: number, network: "bitonic" | "odd-even", sigmoid: keyof typeof sigmoids) {
  const n = s.length;
  const pairs = comparisons(network, n);
  const wires = Math.max(n, ...pairs.flat().map((i) => i + 1));
  // Wires that hold nothing lose every comparison.
  const held: (number | undefined)[] = range(wires).map((i) => s[i]);
  const rows = range(wires).map((i) => s.map((_, j) => Number(i === j)));
  for (const [a, b] of pairs) {
    const [x, y] = [held[a], held[b]];
    const share = y === undefined ? 1 : x === undefined ? 0 : sigmoids[sigmoid]((x - y) / t);
    const mix = (p: number, q: number, w: number) => w * p + (1 - w) * q;
    const mixed = (w: number) => (x === undefined || y === undefined ? (w === 1 ? x : y) : mix(x, y, w));
    [held[a], held[b]] = [mixed(share), mixed(1 - share)];
    const [ofA, ofB] = [rows[a]!, rows[b]!];
    rows[a] = ofA.map((p, j) => mix(p, ofB[j]!, share));
    rows[b] = ofA.map((p, j) => mix(p, ofB[j]!, 1 - share));
  }
  return rows.slice(0, n);
}

/** The transport of the entries to anchors in equal steps, by its iterations from the logits alone. */
function transport(s: number[], t: number, iterations: number): number[][] {
  const n = s.length;
  let plan = neuralSort(s, t);
  for (let i = 0; i < iterations; i++) {
    plan = plan.map((row) => row.map((p) => p / sum(row)));
    const columns = range(n).map((j) => sum(plan.map((row) => row[j]!)));
    plan = plan.map((row) => row.map((p, j) => p / columns[j]!));
  }
  return plan;
}

/** Isotonic regression, descending, by pooling adjacent violators: the block of each place and its mean. */
function pooled(y: number[]): number[] {
  const blocks: { total: number; count: number }[] = [];
  for (const value of y) {
    blocks.push({ total: value, count: 1 });
    for (;;) {
      const [a, b] = blocks.slice(-2);
      if (blocks.length < 2 || a!.total / a!.count >= b!.total / b!.count) break;
      blocks.splice(-2, 2, { total: a!.total + b!.total, count: a!.count + b!.count });
    }
  }
  return blocks.flatMap(({ total, count }) => globalThis.Array<number>(count).fill(total / count));
}

/** The point nearest to z of the convex hull of all orders of w. */
function projection(z: number[], w: number[]): number[] {
  const order = range(z.length).sort((a, b) => z[b]! - z[a]!);
  const v = pooled(order.map((i, place) => z[i]! - descending(w)[place]!));
  const result = [...z];
  for (const [place, i] of order.entries()) result[i] = z[i]! - v[place]!;
  return result;
}

const projectedRanks = (x: number[], t: number) =>
  projection(
    x.map((v) => -v / t),
    range(x.length),
  );
const projectedSort = (x: number[], t: number) =>
  projection(
    range(x.length).map((i) => (x.length - 1 - i) / t),
    x,
  );

const forms: Record<string, { options: SoftOptions; order: (s: number[], t: number) => number[][] }> = {
  softsort: { options: {}, order: softSort },
  neuralsort: { options: { relaxation: "neuralsort" }, order: neuralSort },
  sinkhorn: { options: { relaxation: "sinkhorn", iterations: 7 }, order: (s, t) => transport(s, t, 7) },
  ...Object.fromEntries(
    (["bitonic", "odd-even"] as const).flatMap((network) =>
      (["logistic", "cauchy", "optimal"] as const).map((sigmoid) => [
        `${network} ${sigmoid}`,
        {
          options: { relaxation: "network", network, sigmoid } satisfies SoftOptions,
          order: (s: number[], t: number) => sortingNetwork(s, t, network, sigmoid),
        },
      ]),
    ),
  ),
};

const float = (x: number[]) => x.map(Math.fround);
const applied = (order: number[][], x: number[]) => order.map((row) => sum(row.map((p, j) => p * x[j]!)));
const meanRanks = (order: number[][]) =>
  order.map((_, j) => sum(order.map((row, r) => r * row[j]!)) / sum(order.map((row) => row[j]!)));

const verbs: Record<
  string,
  { soft: (x: Array, options: SoftOptions) => Array; of: (order: number[][], x: number[]) => number[] }
> = {
  softMode: { soft: (x, o) => ranking.softMode(x, o as object), of: (order) => order.flat() },
  softSort: { soft: ranking.softSort, of: applied },
  softRank: { soft: ranking.softRank, of: meanRanks },
};

describe.each(Object.entries(forms))("%s", (_, { options, order }) => {
  test.each(Object.entries(verbs))("%s is what its definition says, with its gradient", async (_, { soft, of }) => {
    for (const [n, temperature] of [
      [1, 1],
      [2, 0.5],
      [3, 0.3],
      [6, 0.5],
    ] as const) {
      const x = float(normals(n, n));
      const expected = of(order(x, temperature), x);
      const cotangent = normals(n + 50, expected.length);
      const f = (x: Array) => soft(x, { ...options, temperature: temperature });
      expect(largestDifference(await values(f(np.array(x))), expected)).toBeLessThan(2e-6);
      const numeric = differences((x) => sum(of(order(x, temperature), x).map((y, i) => y * cotangent[i]!)), x, 1e-6);
      const loss = (x: Array) => {
        const value = f(x);
        return value.mul(np.array(cotangent).reshape(value.shape)).sum();
      };
      const size = Math.max(1, ...numeric.map(Math.abs));
      expect(largestDifference(await values(grad(loss)(np.array(x))), numeric) / size).toBeLessThan(3e-5);
      expect(largestDifference(await values(jit(grad(loss))(np.array(x))), numeric) / size).toBeLessThan(3e-5);
    }
  });
});

test("the plan of many iterations is that of logits times equal steps", async () => {
  const x = float(normals(3, 6));
  const found = await values(ranking.softMode(np.array(x), { relaxation: "sinkhorn", iterations: 300 }));
  let plan = x.map((_, r) => x.map((s) => Math.exp((5 - 2 * r) * s)));
  for (let i = 0; i < 3000; i++) {
    plan = plan.map((row) => row.map((p) => p / sum(row)));
    const columns = range(6).map((j) => sum(plan.map((row) => row[j]!)));
    plan = plan.map((row) => row.map((p, j) => p / columns[j]!));
  }
  expect(largestDifference(found, plan.flat())).toBeLessThan(1e-4);
});

const projections: Record<string, { soft: typeof ranking.softSort; of: (x: number[], t: number) => number[] }> = {
  softSort: { soft: ranking.softSort, of: projectedSort },
  softRank: { soft: ranking.softRank, of: projectedRanks },
};

describe.each(Object.entries(projections))("projection, %s", (_, { soft, of }) => {
  const project = (x: Array, temperature: number | Array) => soft(x, { relaxation: "projection", temperature });

  test("is that of pooled adjacent violators, with its gradient", async () => {
    for (const n of [1, 2, 3, 7, 40]) {
      for (const temperature of [0.05, 0.5, 3, 100]) {
        // Without equal entries, at which there is no derivative.
        const x = float(normals(n, n).map((v, i) => v + (Math.SQRT1_2 * i) / 1000));
        const cotangent = normals(n + 50, n);
        expect(largestDifference(await values(project(np.array(x), temperature)), of(x, temperature))).toBeLessThan(
          1e-5,
        );
        const loss = (x: Array) => project(x, temperature).mul(np.array(cotangent)).sum();
        const numeric = differences((x) => sum(of(x, temperature).map((y, i) => y * cotangent[i]!)), x, 1e-7);
        const size = Math.max(1, ...numeric.map(Math.abs));
        expect(largestDifference(await values(grad(loss)(np.array(x))), numeric) / size).toBeLessThan(1e-5);
        expect(largestDifference(await values(jit(grad(loss))(np.array(x))), numeric) / size).toBeLessThan(1e-5);
        const byTemperature = (t: Array) => project(np.array(x), t).mul(np.array(cotangent)).sum();
        const numericByTemperature = differences(
          ([t]) => sum(of(x, t!).map((y, i) => y * cotangent[i]!)),
          [temperature],
          1e-7,
        );
        const found = await values(grad(byTemperature)(np.array(temperature)));
        expect(Math.abs(found[0]! - numericByTemperature[0]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(found[0]!)));
      }
    }
  });

  test("keeps its digits for a thousand entries, and beside those that are far away", async () => {
    for (const temperature of [0.01, 1, 100]) {
      for (const x of [float(normals(1, 1000)), float(normals(2, 1000)).map((v, i) => (i % 100 === 0 ? 1e6 : v))]) {
        const expected = of(x, temperature);
        const found = await values(project(np.array(x), temperature));
        const size = expected.map((v) => Math.max(1, Math.abs(v)));
        expect(Math.max(...found.map((v, i) => Math.abs(v - expected[i]!) / size[i]!))).toBeLessThan(1e-3);
      }
    }
  });
});

const wide: Record<string, number[]> = {
  "a mask of -1e9": [0.3, -1e9, 0.1, 0.2, 0.25],
  "one at 1e9": [0.3, 1e9, 0.1, 0.2, 0.25],
  "two clusters": [1e6, 1e6 + 1, 0.5, 0.25, 1e6 + 0.5],
};

// Wires of a network carry mixed values, so that far ones do take digits of near ones there.
const unmixed = Object.entries(forms).filter(([, { options }]) => options.relaxation !== "network");

describe.each(Object.entries(wide))("%s", (_, x) => {
  test.each(unmixed)("leaves the others their digits: %s", async (_, { options, order }) => {
    for (const temperature of [0.1, 1]) {
      const found = await values(ranking.softMode(np.array(x), { ...(options as object), temperature }));
      expect(largestDifference(found, order(float(x), temperature).flat())).toBeLessThan(2e-6);
    }
  });
});

const everything = { ...forms, projection: { options: { relaxation: "projection" } as SoftOptions } };

describe.each(Object.entries(everything))("%s", (name, { options }) => {
  test("values and gradients are finite for values of any size, at low temperature, and where they are equal", async () => {
    const rows = [
      [1e4, -1e4, 0, 1],
      [0, 0, 0, 0],
      [1e4, 1e4, -1e4, 1e4],
      [1, 1, 0, 2],
      [-1e15, 1e18, 0, 1],
    ];
    for (const temperature of [1e-20, 0.01, 1, 1e20]) {
      for (const x of rows) {
        for (const soft of [ranking.softSort, ranking.softRank]) {
          const f = (x: Array, t: Array) => soft(x, { ...options, temperature: t });
          expect((await values(f(np.array(x), np.array(temperature)))).every(Number.isFinite)).toBe(true);
          const loss = (x: Array, t: Array) =>
            f(x, t)
              .mul(np.array([1, -2, 3, 0.5]))
              .sum();
          const gradients = grad(loss, { argnums: [0, 1] })(np.array(x), np.array(temperature));
          for (const gradient of gradients) expect((await values(gradient)).every(Number.isFinite)).toBe(true);
        }
      }
    }
  });

  test("tends to the sorted values and to the ranks", async () => {
    const x = [0.5, -1, 3, 2, 7];
    const isSlow = /cauchy|optimal/.test(name);
    const temperature = isSlow ? 1e-6 : 1e-3;
    const sorted = await values(ranking.softSort(np.array(x), { ...options, temperature }));
    expect(largestDifference(sorted, descending(x))).toBeLessThan(1e-5);
    const ranks = await values(ranking.softRank(np.array(x), { ...options, temperature }));
    expect(largestDifference(ranks, [3, 4, 1, 2, 0])).toBeLessThan(1e-5);
  });

  test("NaN, infinities and what is below -1e30 give NaN, and leave other rows alone", async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -2e30]) {
      const rows = np.array([
        [1, 2, 3],
        [1, bad, 3],
        [1, 2, 3],
      ]);
      for (const soft of [ranking.softSort, ranking.softRank]) {
        const found = await values(soft(rows.ref, options));
        const right = await values(soft(np.array([1, 2, 3]), options));
        expect(found).toEqual([...right, Number.NaN, Number.NaN, Number.NaN, ...right]);
      }
      rows.dispose();
    }
  });
});

// The other sigmoids have the same wires.
const batched = Object.entries(everything).filter(([name]) => !/cauchy|optimal/.test(name));

describe.each(batched)("%s", (name, { options }) => {
  // The engine computes rows of a multiple of 4 in another way.
  test.skipIf(!isThorough).each([8])(
    "is the same of %i in a batch, under jit, and under vmap, with its gradient",
    async (n) => {
      const rows = () => np.array(normals(60, 3 * n)).reshape([3, n]);
      const functions = [
        (x: Array) => ranking.softSort(x, options),
        (x: Array) => ranking.softRank(x, options),
        (x: Array) => ranking.softQuantile(x, 0.3, options),
        ...(name === "projection" ? [] : [(x: Array) => ranking.softMode(x, options as object)]),
      ];
      for (const f of functions) {
        const alone = await valuesOfAll([0, 1, 2].map((i) => f(rows().slice(i))));
        for (const all of [f, jit(f), vmap(f)]) {
          expect(largestDifference(await values(all(rows())), alone)).toBeLessThan(1e-6);
        }
        const cotangent = normals(65, alone.length);
        const loss = (x: Array, i?: number) => {
          const value = f(x);
          const own = i === undefined ? cotangent : cotangent.slice(i * value.size, (i + 1) * value.size);
          return value.mul(np.array(own).reshape(value.shape)).sum();
        };
        const slopes = await valuesOfAll([0, 1, 2].map((i) => grad((x: Array) => loss(x, i))(rows().slice(i))));
        for (const all of [grad(loss), jit(grad(loss))]) {
          expect(largestDifference(await values(all(rows())), slopes)).toBeLessThan(1e-5);
        }
      }
    },
  );
});

test.each([4, 8])("the gradient of perturbGiven and of logProb is the same under jit, of %i in a batch", async (n) => {
  const rows = () => np.array(normals(66, 3 * n)).reshape([3, n]);
  const order = ranking.sample(random.key(1), rows());
  const losses = [
    (x: Array, key: Array, order: Array, cotangent: Array) => ranking.perturbGiven(key, order, x).mul(cotangent).sum(),
    (x: Array, _: Array, order: Array, cotangent: Array) => ranking.logProb(order, x).mul(cotangent.slice([], 0)).sum(),
  ];
  for (const loss of losses) {
    const at = () => [rows(), random.key(2), order.ref, np.array(normals(67, 3 * n)).reshape([3, n])] as const;
    const eager = await values(grad(loss)(...at()));
    expect(largestDifference(await values(jit(grad(loss))(...at())), eager)).toBeLessThan(1e-5);
  }
  order.dispose();
});

describe.each(Object.entries(forms).filter(([name]) => name !== "sinkhorn"))("%s", (_, { options, order }) => {
  test("has a second derivative", async () => {
    const x = float(normals(61, 4));
    const [cotangent, direction] = [normals(62, 16), normals(63, 4)];
    const along = (x: number[]) =>
      sum(
        differences(
          (x) =>
            sum(
              order(x, 1)
                .flat()
                .map((p, i) => p * cotangent[i]!),
            ),
          x,
        ).map((g, i) => g * direction[i]!),
      );
    const loss = (x: Array) =>
      ranking
        .softMode(x, options as object)
        .mul(np.array(cotangent).reshape([4, 4]))
        .sum();
    const found = await values(grad((x: Array) => grad(loss)(x).mul(np.array(direction)).sum())(np.array(x)));
    expect(largestDifference(found, differences(along, x))).toBeLessThan(2e-3);
  });
});

describe("equal values", () => {
  test("mode takes the first first, and so does sample where the noise is swallowed", async () => {
    expect(await values(ranking.mode(np.array([1, 2, 2])))).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 0]);
  });

  test.each(["neuralsort", "softsort", "sinkhorn", "projection"] as const)(
    "share their ranks: %s",
    async (relaxation) => {
      for (const temperature of [1e-9, 0.05, 10]) {
        const [a, b, c] = await values(ranking.softRank(np.array([2, 1, 2]), { relaxation, temperature }));
        expect(a).toBeCloseTo(c!, 5);
        if (temperature < 1) expect([a, b]).toEqual([0.5, 2].map((rank) => expect.closeTo(rank, 4)));
      }
    },
  );

  test("of two the network gives each half", async () => {
    const matrix = await values(ranking.softMode(np.array([2, 2]), { relaxation: "network", temperature: 1e-9 }));
    expect(matrix).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});

describe("the law", () => {
  test("sampleOrdered is that of a subset of all, and sample its matrix", async () => {
    for (const n of [1, 2, 7, 60]) {
      const logits = () => np.array(normals(n, 20 * n)).reshape([20, n]);
      const indices = await values(ranking.sampleOrdered(random.key(3), logits()));
      expect(indices).toEqual(await values(subset.sampleOrdered(random.key(3), logits(), n)));
      const matrix = ranking.sample(random.key(3), logits());
      expect(await values(np.argmax(matrix, -1))).toEqual(indices);
    }
    expect(ranking.sampleOrdered(random.key(3), np.zeros([2, 3])).dtype).toBe(np.int32);
  });

  test("one impossible entry is last, with certainty; two leave no law", async () => {
    const one = () => np.array([0, Number.NEGATIVE_INFINITY, 1]);
    const draws = np.argmax(ranking.sample(random.key(0), np.broadcastTo(one(), [500, 3])), -1);
    expect((await values(draws)).filter((_, i) => i % 3 === 2)).toEqual(globalThis.Array(500).fill(1));
    const orders = permutations(3);
    const matrices = ranking.support(one());
    const p = await values(np.exp(ranking.logProb(matrices, one())));
    const total = Math.exp(0) + Math.exp(1);
    orders.forEach((order, i) => {
      expect(p[i]).toBeCloseTo(order[2] === 1 ? Math.exp([0, 0, 1][order[0]!]!) / total : 0, 6);
    });
    const two = () => np.array([0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(await values(ranking.sampleOrdered(random.key(0), two()))).toEqual([-1, -1, -1]);
    expect((await values(ranking.mode(two()))).every(Number.isNaN)).toBe(true);
    expect(await values(ranking.mode(np.array([Number.NEGATIVE_INFINITY])))).toEqual([1]);
  });

  test("logProb is exact for a thousand entries, whatever their size and order", async () => {
    for (const scale of [0, 1, 30, 1e4]) {
      const logits = float(normals(4, 1000, scale)).map((l) => l + 100);
      const order = range(1000).sort((a, b) => normals(a, 1)[0]! - normals(b, 1)[0]!);
      const s = order.map((i) => logits[i]!);
      let [expected, largest, left] = [0, s.at(-1)!, 0];
      for (let r = 998; r >= 0; r--) {
        const top = Math.max(s[r]!, largest + left);
        const all = top + Math.log(Math.exp(s[r]! - top) + Math.exp(largest + left - top));
        [largest, left] = [all, 0];
        expected += s[r]! - all;
      }
      const matrix = np.array(order.flatMap((i) => range(1000).map((j) => (i === j ? 1 : 0)))).reshape([1000, 1000]);
      const [found] = await values(ranking.logProb(matrix, np.array(logits)));
      expect(Math.abs(found! - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(2e-6);
    }
  });

  test("broadcasts over the batch, and orders are integers under vmap, too", async () => {
    const logits = () => np.array(normals(64, 6)).reshape([2, 1, 3]);
    const all = await values(ranking.logProb(ranking.support(np.zeros([3])), logits()));
    expect(all).toHaveLength(12);
    const second = logits().slice(1, 0);
    const each = ranking.logProb(ranking.support(np.zeros([3])), second);
    expect(largestDifference(all.slice(6), await values(each))).toBeLessThan(1e-6);
    const keys = () => random.split(random.key(4), 2);
    const mapped = vmap(ranking.sampleOrdered)(keys(), logits());
    const alone = [0, 1].map((i) => ranking.sampleOrdered(keys().slice(i), logits().slice(i)));
    expect(await values(mapped)).toEqual(await valuesOfAll(alone));
  });

  test("what is no permutation has no probability, and NaN stays NaN", async () => {
    const logits = () => np.array([0.1, 0.2]);
    const logProb = async (matrix: number[]) =>
      (await values(ranking.logProb(np.array(matrix).reshape([2, 2]), logits())))[0];
    for (const matrix of [
      [1, 0, 1, 0],
      [0, 0, 0, 1],
      [0.5, 0.5, 0.5, 0.5],
      [1, 1, 0, 0],
    ]) {
      expect(await logProb(matrix)).toBe(Number.NEGATIVE_INFINITY);
    }
    expect(await logProb([1, 0, 0, Number.NaN])).toBeNaN();
  });
});

describe("expectation", () => {
  const LOGITS = [0.5, -0.3, 0.8];
  const TARGET = [0.3, -1, 0.5, 1, 0.2, -0.4, -0.7, 0.9, 0.1];
  const ofArray = (v: Array) =>
    np
      .square(v.sub(np.array(TARGET).reshape([3, 3])))
      .mul(np.array([1, 2, 3]))
      .sum([-1, -2]);
  const orders = permutations(3);
  const costs = orders.map((order) =>
    sum(TARGET.map((t, i) => (Number(order[Math.floor(i / 3)] === i % 3) - t) ** 2 * (1 + (i % 3)))),
  );
  const mean = (logits: number[]) =>
    sum(
      orders.map((order, o) => {
        const weights = order.map((i) => Math.exp(logits[i]!));
        return costs[o]! * weights.reduce((p, w, r) => (p * w) / sum(weights.slice(r)), 1);
      }),
    );
  const exact = differences(mean, LOGITS);
  const estimate = (options: ExpectationOptions<typeof ranking>) => (logits: Array) =>
    expectation(ranking, random.key(5), logits, ofArray, options);

  test("is exact by enumeration", async () => {
    const of = estimate({ estimator: "exact" });
    expect((await values(of(np.array(LOGITS))))[0]).toBeCloseTo(mean(LOGITS), 5);
    expect(largestDifference(await values(grad(of)(np.array(LOGITS))), exact)).toBeLessThan(1e-5);
  });

  // A right estimator fails at the rate 1e-4: within 4.8 standard errors at each of 15 numbers.
  test.each([
    { estimator: "score-function", samples: 2, baseline: "leave-one-out" },
    { estimator: "score-function", baseline: "greedy" },
    { estimator: "rebar" },
    { estimator: "relax", variate: ofArray },
    { estimator: "perturbed", samples: 2, baseline: "leave-one-out" },
  ] as ExpectationOptions<typeof ranking>[])("has no bias by $estimator", async (options) => {
    const rows = 20_000;
    const loss = jit((l: Array) => grad((l: Array) => estimate(options)(l).sum())(l));
    const found = await values(loss(np.broadcastTo(np.array(LOGITS), [rows, 3])));
    for (const i of range(3)) {
      const each = found.filter((_, j) => j % 3 === i);
      const average = sum(each) / rows;
      const deviation = Math.sqrt(sum(each.map((x) => (x - average) ** 2)) / rows);
      expect(Math.abs(average - exact[i]!)).toBeLessThan((4.8 * deviation) / Math.sqrt(rows));
    }
  });

  test.each([
    { estimator: "relaxed", relaxation: "neuralsort" },
    { estimator: "straight-through", relaxation: "network" },
    { estimator: "gumbel-rao", conditionalSamples: 3 },
  ] as ExpectationOptions<typeof ranking>[])("has a gradient by $estimator", async (options) => {
    const gradient = await values(grad(estimate(options))(np.array(LOGITS)));
    expect(gradient.every((x) => Number.isFinite(x) && x !== 0)).toBe(true);
    expect(Math.abs(sum(gradient))).toBeLessThan(1e-4);
  });

  test("is refused where values are added to logits, and where a cost keeps an axis of the value", () => {
    const refused = "needs a structure whose values have the shape of its logits";
    // @ts-expect-error
    expect(() => estimate({ estimator: "imle" })(np.array(LOGITS))).toThrow(`expectation: "imle" ${refused}`);
    const target = np.eye(3);
    expect(() => fenchelYoung(ranking, random.key(0), np.array(LOGITS), target)).toThrow(`fenchelYoung ${refused}`);
    target.dispose();
    const kept = (l: Array) =>
      expectation(ranking, random.key(0), l, (v) => v.sum(-1), { estimator: "score-function" });
    expect(() => kept(np.array(LOGITS))).toThrow(/what cost returns must be one number for each/);
  });
});

describe("softQuantile", () => {
  test("lies between sorted values, as that of numpy does", async () => {
    const x = () => np.array([3, 1, 2, 100, 7]);
    const at = async (q: number) => (await values(ranking.softQuantile(x(), q, { temperature: 1e-6 })))[0]!;
    for (const [q, expected] of [
      [0, 1],
      [0.25, 2],
      [0.5, 3],
      [0.6, 4.6],
      [1, 100],
    ] as const) {
      expect(await at(q)).toBeCloseTo(expected, 4);
    }
    expect(await values(ranking.softQuantile(np.array([5]), 0.3))).toEqual([5]);
  });

  test("refuses a q that is none", () => {
    const call = (q: unknown) => () => ranking.softQuantile(np.ones([3]), q as number);
    expect(call(1.5)).toThrow(new RangeError("ranking.softQuantile: q must be from 0 to 1, got 1.5."));
    expect(call(Number.NaN)).toThrow(RangeError);
    expect(call("0.5")).toThrow(new TypeError("ranking.softQuantile: q must be a number, got string."));
  });
});

/** Its order is ascending, and its ranks begin at 1: ours are those of its n less its ranks. */
test("by projection, the examples of the README of fast-soft-sort have their numbers", async () => {
  const x = () => np.array([[5, 1, 2], [2, 1, 5]]); // biome-ignore format: short
  const projected = (temperature: number) => ({ temperature, relaxation: "projection" }) as const;
  const descending = [11 / 3, 8 / 3, 5 / 3];
  const sorted = await values(ranking.softSort(x(), projected(1)));
  expect(largestDifference(sorted, [...descending, ...descending])).toBeLessThan(1e-5);
  expect(largestDifference(await values(ranking.softSort(x(), projected(0.1))), [5, 2, 1, 5, 2, 1])).toBeLessThan(1e-5);
  const ranks = async (temperature: number) =>
    (await values(ranking.softRank(x(), projected(temperature)))).map((r) => 3 - r);
  expect(largestDifference(await ranks(2), [3, 1.25, 1.75, 1.75, 1.25, 3])).toBeLessThan(1e-6);
  expect(largestDifference(await ranks(1), [3, 1, 2, 2, 1, 3])).toBeLessThan(1e-6);
});

describe("options", () => {
  const x = () => np.ones([3]);

  test("of another relaxation than the one that is asked for are refused", () => {
    expect(() => ranking.softMode(x(), { iterations: 3 })).toThrow(
      'ranking.softMode: iterations is an option of the relaxation "sinkhorn", and the relaxation is "softsort".',
    );
    expect(() => ranking.relax(random.key(0), x(), { network: "bitonic" })).toThrow(
      'ranking.relax: network is an option of the relaxation "network", and the relaxation is "softsort".',
    );
    expect(() => ranking.softSort(x(), { relaxation: "projection", sigmoid: "cauchy" })).toThrow(
      'sigmoid is an option of the relaxation "network", and the relaxation is "projection".',
    );
  });

  test("are one of those that there are", () => {
    const wrong = (options: object) => () => ranking.softMode(x(), options);
    for (const relaxation of ["toString", "constructor", "__proto__"]) {
      expect(wrong({ relaxation })).toThrow(`relaxation must be one of "softsort", "neuralsort", "network", "sinkhorn", got "${relaxation}".`); // biome-ignore format: short
    }
    expect(wrong({ relaxation: "sinkhorn", iterations: 1e6 })).toThrow(
      /iterations must be a whole number from 1 to 1000, got/,
    );
    expect(wrong({ relaxation: "projection" })).toThrow(
      'ranking.softMode: relaxation must be one of "softsort", "neuralsort", "network", "sinkhorn", got "projection".',
    );
    expect(wrong({ relaxation: "network", network: "merge" })).toThrow(/network must be one of "odd-even", "bitonic"/);
    expect(wrong({ relaxation: "network", sigmoid: "tanh" })).toThrow(/sigmoid must be one of/);
    expect(wrong({ relaxation: "sinkhorn", iterations: 0 })).toThrow(
      /iterations must be a whole number from 1 to 1000/,
    );
  });

  test("a matrix has the logits' n", () => {
    expect(() => ranking.logProb(np.ones([3, 2]), x())).toThrow(
      new RangeError(
        "ranking.logProb: matrix must have shape [..., 3, 3] and broadcast over the batch of logits float32[3], got float32[3,2].",
      ),
    );
  });
});
