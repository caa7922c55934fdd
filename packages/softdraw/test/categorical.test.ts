import { type Device, grad, jit, numpy as np, random } from "@jax-js/jax";
import { devices, values, valuesOfAll } from "@softdraw/testing/device";
import {
  chiSquarePValue,
  FALSE_ALARM,
  largestDifference,
  normals,
  numericalGradient,
  softmax,
} from "@softdraw/testing/numbers";
import * as fc from "fast-check";
import { bernoulli, type CategoricalOptions, categorical } from "softdraw";
import { describe, expect, test } from "vitest";
import { watchCompilations } from "./compilations.ts";

type Array = np.Array;

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);

/** Float64 laws to compare with. */
const logSoftmax = (logits: number[]) => softmax(logits).map(Math.log);
const exactKl = (logits: number[], prior: number[]) => {
  const logQ = logSoftmax(prior);
  return sum(softmax(logits).map((p, i) => (p > 0 ? p * (Math.log(p) - logQ[i]!) : 0)));
};

/** The engine's logarithm on wasm is off by up to 1.3e-5, absolute; a value holds a few of them. */
const TOLERANCE = 5e-5;

/**
 * By PyTorch 1.13, torch.distributions in float64: Categorical(logits).entropy(), kl_divergence, Categorical.log_prob,
 * RelaxedOneHotCategorical(temperature, logits=logits).log_prob(point).
 */
const golden = {
  logits: [0.5, -1.25, 2, 0],
  prior: [-0.5, 0.25, 1, 1.5],
  point: [0.1, 0.2, 0.65, 0.05],
  entropy: 0.8579463844,
  kl: 0.5612102365,
  klToUniform: 0.5283479767,
  logProb: [-1.834498613, -3.584498613, -0.3344986126, -2.334498613],
  relaxedLogProb: [
    { temperature: 0.1, expected: -5.554549477 },
    { temperature: 0.5, expected: 0.09021323221 },
    { temperature: 1, expected: 2.12815262 },
    { temperature: 2.5, expected: 0.4303506701 },
  ],
};

const accuracies: { device: Device; tolerance: number }[] = [
  { device: "cpu", tolerance: 5e-6 },
  // Up to n (2 T + 1) = 24 logarithms' worth of 1.3e-5.
  { device: "wasm", tolerance: 3e-4 },
  { device: "webgpu", tolerance: 5e-6 },
];

describe.each(accuracies.filter(({ device }) => devices.includes(device)))("on $device", ({ device, tolerance }) => {
  const array = (x: number[]) => np.array(x, { device });
  const logits = () => array(golden.logits);

  test("entropy, kl, logProb have their golden values", async () => {
    expect(largestDifference(await values(categorical.entropy(logits())), [golden.entropy])).toBeLessThan(tolerance);
    expect(largestDifference(await values(categorical.kl(logits(), array(golden.prior))), [golden.kl])).toBeLessThan(
      tolerance,
    );
    expect(largestDifference(await values(categorical.kl(logits())), [golden.klToUniform])).toBeLessThan(tolerance);
    const vertices = np.eye(4, 4, { device });
    expect(largestDifference(await values(categorical.logProb(vertices, logits())), golden.logProb)).toBeLessThan(
      tolerance,
    );
  });

  test("a draw is that of the same key on any device", async () => {
    const key = np.array(new Uint32Array([1, 2]), { device });
    const draw = categorical.sample(key, np.array(normals(14, 600), { shape: [100, 6], device }));
    expect(draw.device).toBe(device);
    const usual = categorical.sample(
      np.array(new Uint32Array([1, 2])),
      np.array(normals(14, 600), { shape: [100, 6] }),
    );
    expect(await values(draw)).toEqual(await values(usual));
  });

  test.each(golden.relaxedLogProb)(
    "relaxedLogProb has its golden value at temperature $temperature",
    async ({ temperature, expected }) => {
      const density = categorical.relaxedLogProb(array(golden.point), logits(), { temperature });
      expect(largestDifference(await values(density), [expected])).toBeLessThan(tolerance);
    },
  );
});

describe("entropy", () => {
  test.each([1, 2, 7, 1000])("of the uniform law on %i categories is log n", async (n) => {
    const entropy = categorical.entropy(np.full([3, n], 12.5));
    const expected = Math.log(n);
    expect(largestDifference(await values(entropy), [expected, expected, expected])).toBeLessThan(
      1.3e-5 * (1 + expected),
    );
  });

  test("counts only possible categories", async () => {
    const entropy = categorical.entropy(np.array([3, NEGATIVE_INFINITY, 3, NEGATIVE_INFINITY]));
    expect((await values(entropy))[0]).toBeCloseTo(Math.LN2, 4);
  });
});

const logitList = (n: number) => fc.array(fc.integer({ min: -160, max: 160 }), { minLength: n, maxLength: n });
/** Two laws on the same categories, with logits from -20 to 20. */
const lawPairs = fc
  .integer({ min: 1, max: 5 })
  .chain((n) => fc.tuple(logitList(n), logitList(n)))
  .map(([p, q]) => [p.map((l) => l / 8), q.map((l) => l / 8)] as const);

describe("kl", () => {
  test("is not negative, and equals its definition", async () => {
    await fc.assert(
      fc.asyncProperty(lawPairs, async ([p, q]) => {
        const [kl] = await values(categorical.kl(np.array(p), np.array(q)));
        expect(kl).toBeGreaterThan(-TOLERANCE);
        expect(Math.abs(kl! - exactKl(p, q))).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  test("of a law to itself is 0, also with impossible categories", async () => {
    const logits = () => np.array([0.5, -1.25, NEGATIVE_INFINITY, 2]);
    expect(await values(categorical.kl(logits(), logits()))).toEqual([0]);
  });

  test("has the uniform prior by default", async () => {
    const logits = () => np.array(normals(1, 30, 3), { shape: [6, 5] });
    const toZeros = await values(categorical.kl(logits(), np.zeros([5])));
    expect(largestDifference(await values(categorical.kl(logits())), toZeros)).toBeLessThan(TOLERANCE);
  });

  test("is Infinity only where the prior forbids what the law takes", async () => {
    const prior = np.array([0, NEGATIVE_INFINITY, 0]);
    const logits = np.array([
      [0, 0, 0],
      [0, NEGATIVE_INFINITY, 0],
    ]);
    expect(await values(categorical.kl(logits, prior))).toEqual([POSITIVE_INFINITY, 0]);
  });

  test("has a finite gradient where law and prior forbid the same", async () => {
    const at = [0.5, NEGATIVE_INFINITY, -1];
    const prior = () => np.array([0, NEGATIVE_INFINITY, 1]);
    const gradient = grad((l: Array) => categorical.kl(l, prior()).sum())(np.array(at));
    // The same without the category that neither has.
    const [first, last] = await numericalGradient(([a, b]) => exactKl([a!, b!], [0, 1]), [0.5, -1], 1e-4);
    expect(largestDifference(await values(gradient), [first!, 0, last!])).toBeLessThan(TOLERANCE);
  });

  test("broadcasts laws against priors", async () => {
    const kl = categorical.kl(
      np.array(normals(2, 6), { shape: [2, 1, 3] }),
      np.array(normals(3, 12), { shape: [4, 3] }),
    );
    expect(kl.shape).toEqual([2, 4]);
    const laws = normals(2, 6);
    const priors = normals(3, 12);
    const expected = [0, 1].flatMap((i) =>
      [0, 1, 2, 3].map((j) => exactKl(laws.slice(3 * i, 3 * i + 3), priors.slice(3 * j, 3 * j + 3))),
    );
    expect(largestDifference(await values(kl), expected)).toBeLessThan(TOLERANCE);
  });
});

describe("logProb", () => {
  test("sums to one over the vertices", async () => {
    const logits = np.array(normals(4, 40, 4), { shape: [5, 1, 8] });
    const probabilities = np.exp(categorical.logProb(np.eye(8), logits));
    expect(probabilities.shape).toEqual([5, 8]);
    expect(largestDifference(await values(probabilities.sum(-1)), [1, 1, 1, 1, 1])).toBeLessThan(TOLERANCE);
  });

  test("of an impossible category is -Infinity, of the others finite, and the gradients are finite", async () => {
    const at = [0, NEGATIVE_INFINITY, 1];
    const logProb = (v: Array, l: Array) => categorical.logProb(v, l);
    const expected = logSoftmax([0, 1]);
    const [first, impossible, last] = await values(logProb(np.eye(3), np.array(at)));
    expect(largestDifference([first!, last!], expected)).toBeLessThan(TOLERANCE);
    expect(impossible).toBe(NEGATIVE_INFINITY);
    const gradient = await values(grad((l: Array) => logProb(np.eye(3), l).sum())(np.array(at)));
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient[1]).toBe(0);
  });

  test("has log p as its gradient by the value: what a straight-through draw passes on", async () => {
    const gradient = grad((v: Array) => categorical.logProb(v, np.array(golden.logits)))(np.array([0, 0, 1, 0]));
    expect(largestDifference(await values(gradient), golden.logProb)).toBeLessThan(TOLERANCE);
  });

  test("of a hard draw has a finite gradient when a category is impossible", async () => {
    const loss = (l: Array) =>
      categorical.logProb(categorical.relax(random.key(1), l.ref, { temperature: 0.5, hard: true }), l);
    const gradient = await values(grad(loss)(np.array([0.5, NEGATIVE_INFINITY, 1, -1])));
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient[1]).toBe(0);
    expect(Math.max(...gradient)).toBeGreaterThan(0);
  });
});

describe("mode", () => {
  test("takes the first of equals", async () => {
    const logits = np.array([
      [1, 3, 3, 2],
      [0, 0, 0, 0],
      [NEGATIVE_INFINITY, -5, -5, -6],
    ]);
    expect(await values(categorical.mode(logits))).toEqual([0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]);
  });
});

test("sample and mode have no gradient", async () => {
  const loss = (l: Array) => categorical.sample(random.key(6), l.ref).add(categorical.mode(l.ref)).mul(3).add(l).sum();
  expect(await values(grad(loss)(np.array([0.5, -1, 2])))).toEqual([1, 1, 1]);
});

test("sample, mode and hard draws take as many categories as memory holds, not its square root", async () => {
  const logits = () => np.array(Float32Array.from({ length: 100_000 }, (_, i) => (i === 70_000 ? 50 : i / 1e5)));
  const expected = new Float32Array(100_000).fill(0);
  expected[70_000] = 1;
  expect(await categorical.mode(logits()).data()).toEqual(expected);
  expect(await categorical.sample(random.key(6), logits()).data()).toEqual(expected);
  expect(await categorical.relax(random.key(6), logits(), { hard: true }).data()).toEqual(expected);
});

describe("sample and relax", () => {
  test("agree: the largest entry of a relaxed draw is the exact draw at every temperature", async () => {
    const logits = () => np.array(normals(13, 5000), { shape: [1000, 5] });
    const exact = await values(categorical.sample(random.key(5), logits()));
    for (const temperature of [0.01, 1, 20]) {
      const relaxed = categorical.relax(random.key(5), logits(), { temperature });
      expect(await values(categorical.mode(relaxed))).toEqual(exact);
    }
  });
});

describe("relaxedLogProb", () => {
  test.each([
    [[0.5, 0.5], 3.4e38, 87.722],
    [[0.5, 0.5], 1e30, 69.0776],
    [[0.2, 0.5, 0.3], 1e38, -1.3218e38],
  ])("of %j at temperature %f stays a number", async (point, temperature, expected) => {
    const at = () => np.array(point);
    const density = await values(categorical.relaxedLogProb(at(), np.zeros([point.length]), { temperature }));
    expect(density[0]! / expected).toBeCloseTo(1, 4);
    const loss = (x: Array, l: Array, t: Array) => categorical.relaxedLogProb(x, l, { temperature: t });
    for (const gradient of grad(loss, { argnums: [1, 2] })(at(), np.zeros([point.length]), np.array(temperature)))
      expect((await values(gradient)).every(Number.isFinite)).toBe(true);
  });

  test("of a point with NaN is NaN, also where that is impossible", async () => {
    const density = categorical.relaxedLogProb(np.array([Number.NaN, 0.4, 0.6]), np.array([NEGATIVE_INFINITY, 0, 0]));
    expect(await values(density)).toEqual([Number.NaN]);
  });

  /**
   * Points of the 2-simplex on a grid of log-ratios to the last entry; in those the density is smooth, with thin tails.
   */
  function simplexGrid(step: number, reach: number) {
    const ticks = Array.from({ length: (2 * reach) / step }, (_, i) => (i + 0.5) * step - reach);
    return ticks.flatMap((a) => ticks.map((b) => softmax([a, b, 0])));
  }

  test.each([0.5, 1, 2])("integrates to 1 over the simplex at temperature %f", async (temperature) => {
    const step = 0.5;
    const points = simplexGrid(step, 40);
    const logits = np.array([0.5, -1, 0.25]);
    const density = await categorical.relaxedLogProb(np.array(points), logits, { temperature }).data();
    // dx dy = x y z d(log x/z) d(log y/z), for the point (x, y, z).
    const mass = points.map(([x, y, z], i) => Math.exp(density[i]! + Math.log(x!) + Math.log(y!) + Math.log(z!)));
    expect(Math.abs(sum(mass) * step ** 2 - 1)).toBeLessThan(2e-4);
  });

  test("matches the histogram of relax for two categories", async () => {
    const draws = 100_000;
    const bins = 20;
    const temperature = 1.5;
    const logits = [0.75, -0.25];
    const relaxed = await categorical
      .relax(random.key(6), np.tile(np.array(logits), [draws, 1]), { temperature })
      .data();
    const counts = Array.from({ length: bins }, () => 0);
    for (let i = 0; i < draws; i++) counts[Math.min(bins - 1, Math.floor(relaxed[2 * i]! * bins))]! += 1;
    const perBin = 500;
    const points = Array.from({ length: bins * perBin }, (_, i) => (i + 0.5) / (bins * perBin));
    const pairs = np.array(points.map((x) => [x, 1 - x]));
    const density = await values(np.exp(categorical.relaxedLogProb(pairs, np.array(logits), { temperature })));
    const law = counts.map((_, bin) => sum(density.slice(bin * perBin, (bin + 1) * perBin)) / density.length);
    expect(sum(law)).toBeCloseTo(1, 3);
    expect(chiSquarePValue(counts, law)).toBeGreaterThan(FALSE_ALARM);
  });

  /** Value and every gradient at once. */
  async function densityAndGradients(points: number[][], logits: number[], temperature: number) {
    const density = (value: Array, l: Array, t: Array) => categorical.relaxedLogProb(value, l, { temperature: t });
    const total = (value: Array, l: Array, t: Array) => density(value, l, t).sum();
    const at = () => [np.array(points), np.array(logits), np.array(temperature)] as const;
    return await Promise.all([density(...at()), ...grad(total, { argnums: [0, 1, 2] })(...at())].map(values));
  }

  test.each([0.05, 0.5, 1, 100])(
    "is finite with its gradients up to the boundary, at temperature %f",
    async (temperature) => {
      const boundary = [
        [1, 0, 0, 0],
        [0, 0, 0.5, 0.5],
        [1, 1e-45, 1e-38, 0],
        [0.25, 1e-38, 0.75, 1e-45],
        [1e-38, 1e-38, 1e-38, 1],
        [1, 1.2e-38, 2e-34, 2e-34],
      ];
      for (const result of await densityAndGradients(boundary, [0.5, -1e4, 1e4, 0], temperature)) {
        expect(result.every(Number.isFinite)).toBe(true);
      }
    },
  );

  test("is finite with its gradients for what relax gives at temperature 0.05", async () => {
    const logits = normals(5, 10, 2);
    const batch = np.tile(np.array(logits), [1000, 1]);
    const draws = await values(categorical.relax(random.key(2), batch, { temperature: 0.05 }));
    expect(draws.filter((x) => x === 0).length).toBeGreaterThan(100);
    const points = Array.from({ length: 1000 }, (_, i) => draws.slice(10 * i, 10 * i + 10));
    for (const result of await densityAndGradients(points, logits, 0.05)) {
      expect(result.every(Number.isFinite)).toBe(true);
    }
  });

  test("is the density of the smaller simplex when a category is impossible", async () => {
    const smaller = await densityAndGradients([[0.2, 0.5, 0.3]], [0.5, -1, 0.25], 0.7);
    const masked = await densityAndGradients([[0.2, 0, 0.5, 0.3]], [0.5, NEGATIVE_INFINITY, -1, 0.25], 0.7);
    const [density, byValue, byLogits, byTemperature] = masked.map((x) => (x.length === 4 ? x.toSpliced(1, 1) : x));
    expect(largestDifference(density!, smaller[0]!)).toBeLessThan(TOLERANCE);
    expect(largestDifference(byValue!, smaller[1]!)).toBeLessThan(TOLERANCE);
    expect(largestDifference(byLogits!, smaller[2]!)).toBeLessThan(TOLERANCE);
    expect(largestDifference(byTemperature!, smaller[3]!)).toBeLessThan(TOLERANCE);
    expect(masked[2]![1]).toBe(0);
  });

  test("is -Infinity where the value takes an impossible category", async () => {
    const density = categorical.relaxedLogProb(np.array([0.5, 0.25, 0.25]), np.array([0, NEGATIVE_INFINITY, 0]));
    expect(await values(density)).toEqual([NEGATIVE_INFINITY]);
  });

  test("broadcasts values against logits", async () => {
    const points = [normals(7, 4), normals(8, 4)].map(softmax);
    const laws = [normals(9, 4), normals(10, 4), normals(11, 4)];
    const together = categorical.relaxedLogProb(np.array(points).reshape([2, 1, 4]), np.array(laws));
    expect(together.shape).toEqual([2, 3]);
    const singly = await valuesOfAll(
      points.flatMap((x) => laws.map((l) => categorical.relaxedLogProb(np.array(x), np.array(l)))),
    );
    expect(largestDifference(await values(together), singly)).toBeLessThan(1e-5);
  });
});

describe("two categories", () => {
  const at = [-3, -0.5, 0, 1.25, 6];
  const pairs = () => np.array(at.map((l) => [l + 0.5, 0.5]));
  const single = () => np.array(at);

  test("have the entropy, kl and logProb of the Bernoulli of the logit difference", async () => {
    const pairOfPriors = () => np.array([-0.75, 0.25]);
    const compare = async (two: Array, one: Array) =>
      expect(largestDifference(await values(two), await values(one))).toBeLessThan(TOLERANCE);
    await compare(categorical.entropy(pairs()), bernoulli.entropy(single()));
    await compare(categorical.kl(pairs()), bernoulli.kl(single()));
    await compare(categorical.kl(pairs(), pairOfPriors()), bernoulli.kl(single(), np.array(-1)));
    await compare(categorical.logProb(np.array([1, 0]), pairs()), bernoulli.logProb(np.array(1), single()));
    await compare(categorical.logProb(np.array([0, 1]), pairs()), bernoulli.logProb(np.array(0), single()));
  });

  test.each([0.2, 1, 3])("have the binary Concrete density, at temperature %f", async (temperature) => {
    for (const x of [1e-6, 0.1, 0.5, 0.875]) {
      const two = await values(categorical.relaxedLogProb(np.array([x, 1 - x]), pairs(), { temperature }));
      const one = await values(bernoulli.relaxedLogProb(np.array(x), single(), { temperature }));
      expect(largestDifference(two, one)).toBeLessThan(2e-4);
    }
  });
});

describe("one category", () => {
  const logits = () => np.array([[3], [-1e4]]);

  test("is certain", async () => {
    expect(await values(categorical.sample(random.key(0), logits()))).toEqual([1, 1]);
    expect(await values(categorical.relax(random.key(0), logits(), { temperature: 0.1 }))).toEqual([1, 1]);
    expect(await values(categorical.mode(logits()))).toEqual([1, 1]);
    expect(await values(categorical.softMode(logits()))).toEqual([1, 1]);
  });

  test("has no entropy, no divergence, and log-probability 0", async () => {
    const one = () => np.ones([2, 1]);
    const zeros = await valuesOfAll([
      categorical.entropy(logits()),
      categorical.kl(logits()),
      categorical.kl(logits(), np.array([7])),
      categorical.logProb(one(), logits()),
      categorical.relaxedLogProb(one(), logits(), { temperature: 0.3 }),
    ]);
    expect(zeros.map(Math.abs)).toEqual(zeros.map(() => 0));
  });
});

describe("temperature", () => {
  const logits = () => np.array(golden.logits);
  const point = () => np.array(golden.point);
  type Verb = (temperature: number | Array) => Array;
  const verbs: Record<string, Verb> = {
    relax: (temperature) => categorical.relax(random.key(3), logits(), { temperature }),
    "relax hard": (temperature) => categorical.relax(random.key(3), logits(), { temperature, hard: true }),
    softMode: (temperature) => categorical.softMode(logits(), { temperature }),
    relaxedLogProb: (temperature) => categorical.relaxedLogProb(point(), logits(), { temperature }),
  };

  test.each(Object.entries(verbs))("of %s may be a scalar array", async (_, verb) => {
    expect(await values(verb(np.array(0.3)))).toEqual(await values(verb(0.3)));
  });

  test("is 1 by default", async () => {
    expect(await values(categorical.softMode(logits()))).toEqual(await values(verbs.softMode!(1)));
    expect(await values(categorical.relax(random.key(3), logits()))).toEqual(await values(verbs.relax!(1)));
    expect(await values(categorical.relaxedLogProb(point(), logits()))).toEqual(await values(verbs.relaxedLogProb!(1)));
  });

  test.each(Object.entries(verbs))("of %s can change without a new compilation", async (name, verb) => {
    const before = await values(verb(0.9));
    const compilations = watchCompilations();
    const after = await values(verb(0.4));
    expect(compilations).not.toHaveBeenCalled();
    // The spy does see compilations: a shape that no test has used needs some.
    await values(categorical.softMode(np.zeros([name.length, 13])));
    expect(compilations).toHaveBeenCalled();
    compilations.mockRestore();
    if (name !== "relax hard") expect(after).not.toEqual(before);
  });

  test("traced as an argument, is traced once", async () => {
    let traces = 0;
    const softMode = jit((l: Array, temperature: Array) => {
      traces++;
      return categorical.softMode(l, { temperature });
    });
    for (const temperature of [0.25, 1, 4]) {
      const expected = softmax(golden.logits.map((l) => l / temperature));
      expect(largestDifference(await values(softMode(logits(), np.array(temperature))), expected)).toBeLessThan(1e-6);
    }
    expect(traces).toBe(1);
  });

  test.each(["softMode", "relaxedLogProb"])("of %s has the gradient of finite differences", async (name) => {
    const loss = (t: Array) => {
      const value = verbs[name]!(t);
      return value.mul(np.array(normals(12, 4).slice(0, value.size), { shape: value.shape })).sum();
    };
    const numeric = await numericalGradient(async ([t]) => (await values(loss(np.array(t!))))[0]!, [0.8]);
    expect(largestDifference(await values(grad(loss)(np.array(0.8))), numeric)).toBeLessThan(5e-3);
  });
});

describe("sparsemax and entmax", () => {
  /** In float64: the projection by halving, and its product with a cotangent by the formula of the derivative. */
  function entmaxOf(z: number[], alpha: number) {
    const largest = Math.max(...z);
    const entry = (u: number) => Math.max(1 + (alpha - 1) * u, 0) ** (1 / (alpha - 1));
    let [low, high] = [largest, largest + (1 - z.length ** (1 - alpha)) / (alpha - 1)];
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      const sum = z.reduce((sum, zi) => sum + entry(zi - middle), 0);
      if (sum < 1) high = middle;
      else low = middle;
    }
    const p = z.map((zi) => entry(zi - low));
    const slopes = p.map((pi) => (pi > 0 ? pi ** (2 - alpha) : 0));
    const total = slopes.reduce((a, b) => a + b);
    const backward = (cotangent: number[]) => {
      const mean = slopes.reduce((sum, slope, i) => sum + slope * cotangent[i]!, 0) / total;
      return slopes.map((slope, i) => slope * (cotangent[i]! - mean));
    };
    return { p, backward };
  }

  const rows: Record<string, number[]> = {
    "normal ones": normals(1, 10),
    "many, far apart": normals(2, 1000, 100),
    "many, near to each other": normals(3, 1000, 0.1),
    "heavy tails": normals(4, 300).map((x) => x / Math.abs(normals(5, 1)[0]! + x * x * x)),
    "equal ones": Array.from({ length: 7 }, () => 3),
    "a geometric series": Array.from({ length: 40 }, (_, i) => 0.5 ** i),
    "one alone": [4],
  };

  test.each(Object.keys(rows).flatMap((name) => [2, 1.9, 1.5, 1.25, 1.05].map((alpha) => [name, alpha] as const)))(
    "of %s, alpha %f: value and gradient are those of float64, and zeros are zeros",
    async (name, alpha) => {
      const z = rows[name]!;
      const { p, backward } = entmaxOf(z, alpha);
      const options = { relaxation: "entmax", alpha } as const;
      const found = await values(categorical.softMode(np.array(z), options));
      expect(largestDifference(found, p)).toBeLessThan(2e-6);
      expect(found.filter((pi, i) => (pi === 0) !== (p[i] === 0) && p[i]! > 1e-6)).toEqual([]);
      const cotangent = normals(6, z.length);
      const loss = (l: np.Array) => categorical.softMode(l, options).mul(np.array(cotangent)).sum();
      const gradient = await values(grad(loss)(np.array(z)));
      // An entry that is 0 but for rounding may be on either side of a jump of the gradient.
      const isSure = (i: number) => p[i]! > 1e-5 || (p[i] === 0 && found[i] === 0);
      if (p.every((_, i) => isSure(i)))
        expect(largestDifference(gradient, backward(cotangent))).toBeLessThan(alpha < 1.5 ? 2e-5 : 1e-5);
    },
  );

  test("the example of the entmax package's README has its numbers", async () => {
    const at = (options: CategoricalOptions) => values(categorical.softMode(np.array([-2, 0, 0.5]), options));
    expect(largestDifference(await at({}), [0.0486, 0.3592, 0.5922])).toBeLessThan(6e-5);
    expect(largestDifference(await at({ relaxation: "sparsemax" }), [0, 0.25, 0.75])).toBeLessThan(1e-6);
    expect(largestDifference(await at({ relaxation: "entmax", alpha: 1.5 }), [0, 0.326, 0.674])).toBeLessThan(6e-5);
  });

  test("long rows sum to 1, and their log-probabilities are those of float64", async () => {
    const n = 99_991;
    const rows = [new Float32Array(n).fill(0.3), Float32Array.from({ length: n }, (_, i) => Math.sin(13 * i) / 1000)];
    for (const row of rows) {
      for (const alpha of [1, 1.25, 1.5]) {
        const p = await values(categorical.softMode(np.array(row), { relaxation: "entmax", alpha }));
        expect(Math.abs(p.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(3e-6);
      }
      const entropy = Math.log(row.reduce((sum, l) => sum + Math.exp(l), 0)) - row.reduce((sum, l) => sum + l, 0) / n;
      expect(Math.abs((await values(categorical.entropy(np.array(row))))[0]! - entropy)).toBeLessThan(2e-5);
    }
  });

  test("entmax of 1 is the softmax, of 2 the sparsemax, and sparsemax of [1.1, 1, 0.2] is [0.55, 0.45, 0]", async () => {
    const z = () => np.array([1.1, 1, 0.2]);
    const at = (options: CategoricalOptions) => values(categorical.softMode(z(), options));
    expect(await at({ relaxation: "entmax", alpha: 1 })).toEqual(await at({}));
    expect(await at({ relaxation: "entmax", alpha: 2 })).toEqual(await at({ relaxation: "sparsemax" }));
    expect(await at({ relaxation: "entmax" })).toEqual(await at({ relaxation: "entmax", alpha: 1.5 }));
    expect(largestDifference(await at({ relaxation: "sparsemax" }), [0.55, 0.45, 0])).toBeLessThan(1e-6);
  });

  test("alpha is refused where it is none", () => {
    const of = (options: object) => () => categorical.softMode(np.array([1, 2]), options as CategoricalOptions);
    expect(of({ relaxation: "entmax", alpha: 2.5 })).toThrow(
      new RangeError("categorical.softMode: alpha must be a number from 1 (softmax) to 2 (sparsemax), got 2.5."),
    );
    expect(of({ alpha: 1.5 })).toThrow(
      'categorical.softMode: alpha is an option of the relaxation "entmax", and the relaxation is "softmax".',
    );
    expect(of({ relaxation: "hardmax" })).toThrow(
      'categorical.softMode: relaxation must be one of "softmax", "sparsemax", "entmax", got "hardmax".',
    );
  });
});

test("sampleIndices is where sample has its 1, and -1 where there is no law", async () => {
  const logits = () => np.array([normals(1, 5), normals(2, 5), [Number.NaN, 0, 0, 0, 0]].flat(), { shape: [3, 5] });
  const hot = await values(categorical.sample(random.key(3), logits()));
  const indices = await values(categorical.sampleIndices(random.key(3), logits()));
  expect(indices).toEqual([hot.slice(0, 5).indexOf(1), hot.slice(5, 10).indexOf(1), -1]);
});

test("fromProbabilities: the law is that of the probabilities, and what is impossible has no gradient", async () => {
  const p = () => np.array([0.5, 0, 0.2, 0.3]);
  expect(
    largestDifference(await values(categorical.marginals(categorical.fromProbabilities(p()))), await values(p())),
  ).toBeLessThan(1e-6);
  const entropy = (p: np.Array) => categorical.entropy(categorical.fromProbabilities(p)).sum();
  const [a, b, c, d] = await values(grad(entropy)(p()));
  // Of weights: the derivative of the entropy of w / sum(w) is (-log w_i - H) / sum(w).
  const h = -(0.5 * Math.log(0.5) + 0.2 * Math.log(0.2) + 0.3 * Math.log(0.3));
  expect(b).toBe(0);
  expect(
    largestDifference(
      [a!, c!, d!],
      [0.5, 0.2, 0.3].map((w) => -Math.log(w) - h),
    ),
  ).toBeLessThan(1e-5);
  for (const bad of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const found = await values(categorical.marginals(categorical.fromProbabilities(np.array([0.5, bad]))));
    expect(found.every(Number.isNaN)).toBe(true);
  }
});
