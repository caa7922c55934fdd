import { type Device, nn, numpy as np, random } from "@jax-js/jax";
import { device, devices } from "@softdraw/testing/device";
import {
  kolmogorovCritical,
  kolmogorovSmirnov,
  largestDifference,
  moments,
  STANDARD_ERRORS,
} from "@softdraw/testing/numbers";
import { bernoulli, categorical, noise } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const PATTERNS = 2 ** 32;
const EULER = 0.5772156649015329;

/** The middle of the cell of [0, 1] that a pattern stands for. */
const uniform = (bits: number) => (bits + 0.5) / PATTERNS;
const exactGumbel = (v: number) => -Math.log(-Math.log1p(-v));
const exactLogistic = (v: number) => Math.log(v) - Math.log1p(-v);

const apply = async (map: (bits: Array) => Array, bits: ArrayLike<number>, on: Device = device) =>
  await map(np.array(Uint32Array.from(bits), { dtype: np.uint32, device: on })).data();

/** Ascending patterns, evenly spread with all 32 bits varied: multiples of the golden ratio. */
const sweep = Uint32Array.from({ length: 2 ** 15 }, (_, i) => Math.imul(i, 0x9e3779b1)).sort();

/** Ascending neighbours, as many below as above. */
const around = (center: number, count = 4096) =>
  Uint32Array.from({ length: count }, (_, i) =>
    Math.min(Math.max(Math.round(center) - count / 2 + i, 0), PATTERNS - 1),
  );

/** Where two formulas or two pieces of the engine's logarithm meet: the series' end, powers of 2 of -log(1 - v). */
const seams = [0, 0.2, 1 - Math.exp(-1 / 128), 1 - Math.exp(-0.25), 1 - Math.exp(-0.5), 0.5, 1 - Math.exp(-1), 1].map(
  (v) => v * PATTERNS,
);

/** Patterns that a faulty map is likely to miss: single bits, single zeros, runs of ones, alternations, the ends. */
const structured = Array.from({ length: 32 }, (_, i) => 2 ** i).flatMap((bit) => [
  bit,
  bit - 1,
  PATTERNS - 1 - bit,
  PATTERNS - bit,
]);
structured.push(0, PATTERNS - 1, 0x55555555, 0xaaaaaaaa, 0x0f0f0f0f, 0xf0f0f0f0);

/** Both maps. `sign` is the direction in which the noise goes as the bits rise. */
const maps = [
  { name: "gumbelFromBits", map: noise.gumbelFromBits, sign: -1 },
  { name: "logisticFromBits", map: noise.logisticFromBits, sign: 1 },
];

/**
 * Tolerances: the uniform has the 24 significant bits of float32, half of the last one is 6e-8 relative, and the few
 * operations that follow round to as much each; together below 1e-6 of 1 + |value|. The wasm engine's own logarithm is
 * off by up to 1.4e-5 more (absolute); that of the cpu is not.
 */
const errors: { device: Device; logError: number }[] = [
  { device: "cpu", logError: 0 },
  { device: "wasm", logError: 1.4e-5 },
  { device: "webgpu", logError: 0 },
];
const accuracies = errors.filter(({ device }) => devices.includes(device));

describe("gumbelFromBits", () => {
  test("is finite and right at the extreme patterns", async () => {
    const extremes = [0, 1, 2 ** 31 - 1, 2 ** 31, PATTERNS - 1];
    // -log(2^-33), -log(1.5 * 2^-32), -log(log 2) twice; the last is clamped to -log(-log(2^-24)).
    const expected = [22.873857, 21.775245, 0.366513, 0.366513, -2.811541];
    expect(largestDifference(await apply(noise.gumbelFromBits, extremes), expected)).toBeLessThan(2e-5);
  });

  describe.each(accuracies)("on $device", ({ device, logError }) => {
    test("equals the float64 formula in the upper half of its values", async () => {
      const bits = [...sweep, ...around(0), ...around(0.2 * PATTERNS)].filter((b) => b < PATTERNS / 2);
      const values = await apply(noise.gumbelFromBits, bits, device);
      const excess = bits.map((b, i) => {
        const exact = exactGumbel(uniform(b));
        return Math.abs(values[i]! - exact) - 1e-6 * exact;
      });
      expect(Math.max(...excess)).toBeLessThanOrEqual(logError);
    });

    test("is everywhere the formula at a uniform within 24 significant bits", async () => {
      const values = await apply(noise.gumbelFromBits, sweep, device);
      const outside = Array.from(sweep, (b, i) => {
        const lowest = exactGumbel(Math.min(uniform(b) * (1 + 2 ** -23), 1));
        const highest = exactGumbel(uniform(b) * (1 - 2 ** -23));
        return Math.max(lowest - values[i]!, values[i]! - highest) / (1 + Math.abs(values[i]!));
      });
      // Two logarithms, the error of the first divided by an argument of at least log 2 = 0.69.
      expect(Math.max(...outside)).toBeLessThan(1e-6 + logError * (1 + 1 / Math.LN2));
    });
  });
});

describe("logisticFromBits", () => {
  test("is finite and right at the extreme patterns", async () => {
    const extremes = [0, 1, 2 ** 31 - 1, 2 ** 31, PATTERNS - 1];
    const expected = [-22.873857, -21.775245, 0, 0, 22.873857];
    expect(largestDifference(await apply(noise.logisticFromBits, extremes), expected)).toBeLessThan(2e-5);
  });

  test.each(accuracies)("equals the float64 formula on $device", async ({ device, logError }) => {
    const bits = [...sweep, ...around(0), ...around(PATTERNS / 2)];
    const values = await apply(noise.logisticFromBits, bits, device);
    const excess = bits.map((b, i) => {
      const exact = exactLogistic(uniform(b));
      return Math.abs(values[i]! - exact) - 1e-6 * (1 + Math.abs(exact));
    });
    expect(Math.max(...excess)).toBeLessThanOrEqual(logError);
  });

  test("is odd: the complement of the bits gives the negative, to the last bit", async () => {
    const complement = await apply(
      noise.logisticFromBits,
      sweep.map((b) => ~b),
    );
    expect(complement.map((x: number) => 0 - x)).toEqual(await apply(noise.logisticFromBits, sweep));
  });
});

describe.each(maps)("$name", ({ map, sign }) => {
  test("is finite for structured and for random patterns", async () => {
    const bits = [...structured, ...(await random.bits(random.key(3), [200_000]).data())];
    expect((await apply(map, bits)).every(Number.isFinite)).toBe(true);
  });

  test.each(devices)("is monotone on %s, also across seams", async (device) => {
    // The logarithm of WebGPU is monotone but for rounding.
    const rounding = device === "webgpu" ? 2 ** -23 : 0;
    for (const bits of [sweep, ...seams.map((seam) => around(seam))]) {
      const row: Float32Array = await apply(map, bits, device);
      const steps = Array.from(row.slice(1), (x, i) => sign * (x - row[i]!) + rounding * (1 + Math.abs(x)));
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    }
  });

  test("uses all 32 bits: neighbours differ, and flipping any bit of a small pattern changes the value", async () => {
    const first = await apply(
      map,
      Array.from({ length: 10_000 }, (_, i) => i),
    );
    expect(new Set(first).size).toBe(10_000);
    for (const pattern of [0, 1, 5, 1000]) {
      const flipped = await apply(map, [pattern, ...Array.from({ length: 32 }, (_, i) => (pattern ^ (1 << i)) >>> 0)]);
      expect(new Set(flipped).size).toBe(33);
    }
  });
});

/**
 * The moments' standard errors are those of the law's own moments; `a3`, `a4` are its standardized third and fourth.
 */
const laws = [
  {
    name: "gumbel",
    draw: noise.gumbel,
    mean: EULER,
    variance: Math.PI ** 2 / 6,
    skewness: 1.13955,
    a4: 5.4,
    // By the delta method: a6 - 6 a4 - 3 a3 a5 + a3^2 (9 a4 + 35) / 4 + 9, from the cumulants (n - 1)! zeta(n).
    skewnessVariance: 31.682,
    cdf: (x: number) => Math.exp(-Math.exp(-x)),
  },
  {
    name: "logistic",
    draw: noise.logistic,
    mean: 0,
    variance: Math.PI ** 2 / 3,
    skewness: 0,
    a4: 4.2,
    // a6 - 6 a4 + 9, with a6 = 279 / 7.
    skewnessVariance: 23.657,
    cdf: (x: number) => 1 / (1 + Math.exp(-x)),
  },
];

describe.each(laws)("$name", ({ draw, mean, variance, skewness, a4, skewnessVariance, cdf }) => {
  test("has the law's mean, variance and skewness at 10^7 draws", async () => {
    async function* blocks() {
      for (let i = 0; i < 10; i++) yield await draw(random.key(100 + i), [1_000_000]).data();
    }
    const { count, ...seen } = await moments(blocks(), mean);
    const within = (squaredError: number) => STANDARD_ERRORS * Math.sqrt(squaredError / count);
    expect(count).toBe(1e7);
    expect(Math.abs(seen.mean - mean)).toBeLessThan(within(variance));
    expect(Math.abs(seen.variance - variance)).toBeLessThan(within(variance ** 2 * (a4 - 1)));
    expect(Math.abs(seen.skewness - skewness)).toBeLessThan(within(skewnessVariance));
  });

  test("passes Kolmogorov-Smirnov at 10^6 draws", async () => {
    const draws = (await draw(random.key(7), [1_000_000]).data()) as Float32Array;
    expect(kolmogorovSmirnov(draws, cdf)).toBeLessThan(kolmogorovCritical(draws.length));
  });

  test("has the shape asked for, a scalar by default, and may be empty", () => {
    const shapes = [draw(random.key(0), [2, 3]), draw(random.key(0)), draw(random.key(0), [0])].map((x) => x.shape);
    expect(shapes).toEqual([[2, 3], [], [0]]);
  });
});

describe("the noise of a draw", () => {
  const logits = () => np.array([0.5, -1.25, 2, 0, 1e4, -3]);

  test("perturb is the logits plus the Gumbel noise of the same key", async () => {
    const expected = await logits()
      .add(noise.gumbel(random.key(4), [6]))
      .data();
    expect(await noise.perturb(random.key(4), logits()).data()).toEqual(expected);
  });

  test("is what categorical.relax puts into its softmax", async () => {
    const expected = await nn.softmax(noise.perturb(random.key(4), logits()).div(0.7)).data();
    const relaxed = await categorical.relax(random.key(4), logits(), { temperature: 0.7 }).data();
    expect(largestDifference(relaxed, expected)).toBeLessThan(1e-6);
  });

  test("is, as logistic noise, what bernoulli.relax puts into its sigmoid", async () => {
    const perturbed = logits()
      .add(noise.logistic(random.key(4), [6]))
      .div(0.7);
    const relaxed = await bernoulli.relax(random.key(4), logits(), { temperature: 0.7 }).data();
    expect(largestDifference(relaxed, await nn.sigmoid(perturbed).data())).toBeLessThan(1e-6);
  });
});
