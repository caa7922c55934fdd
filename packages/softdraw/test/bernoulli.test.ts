import { type Device, grad, numpy as np, random } from "@jax-js/jax";
import { devices, values } from "@softdraw/testing/device";
import { chiSquarePValue, FALSE_ALARM, largestDifference, normals } from "@softdraw/testing/numbers";
import * as fc from "fast-check";
import { bernoulli, type Stretch } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
const INFINITE = [NEGATIVE_INFINITY, POSITIVE_INFINITY];

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);

/** Float64 laws to compare with. */
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
const exactKl = (l: number, q: number) =>
  sigmoid(l) * (logSigmoid(l) - logSigmoid(q)) + sigmoid(-l) * (logSigmoid(-l) - logSigmoid(-q));

/** The engine's logarithm on wasm is off by up to 1.3e-5, absolute; a value holds a few of them. */
const TOLERANCE = 5e-5;

/**
 * By PyTorch 1.13, torch.distributions in float64: Bernoulli(logits).entropy(), kl_divergence, Bernoulli.log_prob,
 * RelaxedBernoulli(temperature, logits=logits).log_prob(point).
 */
const golden = {
  logits: [-2, 0, 0.75, 5],
  prior: [1, -0.5, 0.75, 3],
  point: [0.01, 0.3, 0.5, 0.999],
  entropy: [0.3653338551, Math.LN2, 0.6274869817, 0.04017960311],
  kl: [0.8287249104, 0.03092980362, 0, 0.02848630124],
  klToUniform: [0.3278133255, 0, 0.06566019883, 0.6529675774],
  logProbOfOne: [-2.126928011, -Math.LN2, -0.3868710061, -0.006715348489],
  logProbOfZero: [-0.126928011, -Math.LN2, -1.136871006, -5.006715348],
  relaxedLogProb: [
    { temperature: 0.1, expected: [0.383850552, -2.130025953, -2.440032744, 0.2701400117] },
    { temperature: 0.5, expected: [2.513724687, -0.5633318115, -0.8305948317, 4.282848739] },
    { temperature: 1, expected: [1.876134941, 0, -0.1374476511, 4.724980037] },
    { temperature: 2.5, expected: [-3.956439907, 0.1316034502, 0.7788430808, -4.441849845] },
  ],
};

const accuracies: { device: Device; tolerance: number; atEdge: number }[] = [
  // 0.999 in float32 leaves 1 - x with a relative error of 1e-5, and its logarithm counts up to 1 + T = 3.5 times.
  { device: "cpu", tolerance: 2e-6, atEdge: 5e-5 },
  { device: "wasm", tolerance: TOLERANCE, atEdge: 2e-4 },
  { device: "webgpu", tolerance: 2e-6, atEdge: 5e-5 },
];

describe.each(accuracies.filter(({ device }) => devices.includes(device)))(
  "on $device",
  ({ device, tolerance, atEdge }) => {
    const array = (x: number[]) => np.array(x, { device });
    const logits = () => array(golden.logits);

    test("entropy, kl, logProb have their golden values", async () => {
      const compare = async (x: Array, expected: number[]) =>
        expect(largestDifference(await values(x), expected)).toBeLessThan(tolerance);
      await compare(bernoulli.entropy(logits()), golden.entropy);
      await compare(bernoulli.kl(logits(), array(golden.prior)), golden.kl);
      await compare(bernoulli.kl(logits()), golden.klToUniform);
      await compare(bernoulli.logProb(array([1, 1, 1, 1]), logits()), golden.logProbOfOne);
      await compare(bernoulli.logProb(array([0, 0, 0, 0]), logits()), golden.logProbOfZero);
    });

    test.each(golden.relaxedLogProb)(
      "relaxedLogProb has its golden values at temperature $temperature",
      async ({ temperature, expected }) => {
        const density = bernoulli.relaxedLogProb(array(golden.point), logits(), { temperature });
        expect(largestDifference(await values(density), expected)).toBeLessThan(atEdge);
      },
    );
  },
);

describe("entropy", () => {
  test("is log 2 for even odds, and 0 for a certain value", async () => {
    const [even, ...certain] = await values(bernoulli.entropy(np.array([0, 1e4, -1e4, ...INFINITE])));
    expect(even).toBeCloseTo(Math.LN2, 4);
    expect(certain).toEqual([0, 0, 0, 0]);
  });
});

const logit = fc.integer({ min: -160, max: 160 }).map((l) => l / 8);

describe("kl", () => {
  test("is not negative, and equals its definition", async () => {
    await fc.assert(
      fc.asyncProperty(logit, logit, async (l, q) => {
        const [kl] = await values(bernoulli.kl(np.array([l]), np.array([q])));
        expect(kl).toBeGreaterThan(-TOLERANCE);
        expect(Math.abs(kl! - exactKl(l, q))).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  test("of a law to itself is 0, also of a certain one", async () => {
    const logits = () => np.array([0.5, -20, 1e4, ...INFINITE]);
    expect(await values(bernoulli.kl(logits(), logits()))).toEqual([0, 0, 0, 0, 0]);
  });

  test("has the uniform prior by default", async () => {
    const logits = () => np.array([...normals(1, 30, 3), 1e4, ...INFINITE]);
    const toZero = await values(bernoulli.kl(logits(), np.array(0)));
    expect(largestDifference(await values(bernoulli.kl(logits())), toZero)).toBeLessThan(TOLERANCE);
  });

  test("is Infinity only where the prior forbids what the law takes", async () => {
    const kl = bernoulli.kl(np.array([0, 0, ...INFINITE]), np.array([...INFINITE, ...INFINITE]));
    expect(await values(kl)).toEqual([POSITIVE_INFINITY, POSITIVE_INFINITY, 0, 0]);
  });

  test("has a finite gradient where law and prior forbid the same, exactly or but for an underflow", async () => {
    const prior = () => np.array([...INFINITE, ...INFINITE, 1]);
    const gradient = grad((l: Array) => bernoulli.kl(l, prior()).sum())(np.array([...INFINITE, -300, 300, 0.5]));
    const slope = (exactKl(0.501, 1) - exactKl(0.499, 1)) / 0.002;
    expect(largestDifference(await values(gradient), [0, 0, 0, 0, slope])).toBeLessThan(TOLERANCE);
  });

  test("broadcasts laws against priors", async () => {
    const kl = bernoulli.kl(np.array([[-1], [2]]), np.array([0.5, -0.5, 3]));
    expect(kl.shape).toEqual([2, 3]);
    const expected = [-1, 2].flatMap((l) => [0.5, -0.5, 3].map((q) => exactKl(l, q)));
    expect(largestDifference(await values(kl), expected)).toBeLessThan(TOLERANCE);
  });
});

describe("logProb", () => {
  test("sums to one over both values", async () => {
    const logits = np.array(normals(4, 50, 5));
    const probabilities = np.exp(bernoulli.logProb(np.array([[0], [1]]), logits)).sum(0);
    expect(largestDifference(await values(probabilities), new Float32Array(50).fill(1))).toBeLessThan(TOLERANCE);
  });

  test("of an impossible value is -Infinity, of a certain one 0, with zero gradients", async () => {
    const logProb = (l: Array) => bernoulli.logProb(np.array([[0], [1]]), l);
    // Of the sign of a zero there is no promise.
    const found = (await values(logProb(np.array(INFINITE)))).map((x) => x + 0);
    expect(found).toEqual([0, NEGATIVE_INFINITY, NEGATIVE_INFINITY, 0]);
    expect((await values(grad((l: Array) => logProb(l).sum())(np.array(INFINITE)))).map(Math.abs)).toEqual([0, 0]);
  });

  test("of a grey value is the cross entropy with its sign turned", async () => {
    const logits = normals(5, 20, 3);
    const grey = logits.map((_, i) => i / 32);
    const expected = logits.map((l, i) => grey[i]! * logSigmoid(l) + (1 - grey[i]!) * logSigmoid(-l));
    const found = await values(bernoulli.logProb(np.array(grey), np.array(logits)));
    expect(largestDifference(found, expected)).toBeLessThan(TOLERANCE);
  });
});

describe("mode", () => {
  test("is 1 where the logit is positive, and 0 for even odds", async () => {
    const logits = np.array([-1, -1e-30, 0, 1e-30, 1, ...INFINITE]);
    expect(await values(bernoulli.mode(logits))).toEqual([0, 0, 0, 1, 1, 0, 1]);
  });
});

test("sample and mode have no gradient", async () => {
  const loss = (l: Array) => bernoulli.sample(random.key(6), l.ref).add(bernoulli.mode(l.ref)).mul(3).add(l).sum();
  expect(await values(grad(loss)(np.array([0.5, -1, 2])))).toEqual([1, 1, 1]);
});

describe("sample and relax", () => {
  test("take a certain value always, hard or soft", async () => {
    const logits = () => np.tile(np.array(INFINITE), [1000, 1]);
    const certain = Array.from({ length: 2000 }, (_, i) => i % 2);
    expect(await values(bernoulli.sample(random.key(1), logits()))).toEqual(certain);
    expect(await values(bernoulli.relax(random.key(1), logits(), { temperature: 5 }))).toEqual(certain);
  });

  test("agree: a relaxed draw, rounded, is the exact one at every temperature", async () => {
    const logits = () => np.array(normals(6, 1000));
    const exact = await values(bernoulli.sample(random.key(2), logits()));
    for (const temperature of [0.01, 1, 20]) {
      const relaxed = await values(bernoulli.relax(random.key(2), logits(), { temperature }));
      expect(relaxed.map((y) => (y > 0.5 ? 1 : 0))).toEqual(exact);
    }
  });
});

describe("logits of any size", () => {
  const infinite = () => np.array([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);

  test.each([1e29, 1e30, 3e38])("the certain stays certain at temperature %f", async (temperature) => {
    expect(await values(bernoulli.softMode(infinite(), { temperature }))).toEqual([1, 0]);
  });

  test("up to 1e30 they are numbers, beyond that certainty", async () => {
    const logP = await values(bernoulli.logProb(np.array(0), np.array([1e28, 1e31])));
    expect(logP[0]! / -1e28).toBeCloseTo(1, 6);
    expect(logP[1]).toBe(Number.NEGATIVE_INFINITY);
    expect(await values(bernoulli.relaxedLogProb(np.array([0.3, 1]), np.array(1e31)))).toEqual([
      Number.NEGATIVE_INFINITY,
      0,
    ]);
    expect(await values(bernoulli.relaxedLogProb(np.array([Number.NaN]), infinite()))).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe("relaxedLogProb", () => {
  const density = (value: Array, logits: Array, temperature: number | Array) =>
    bernoulli.relaxedLogProb(value, logits, { temperature });

  test("is symmetric: the density of 1 - x under the opposite logit is the same", async () => {
    const x = [0.125, 0.25, 0.5, 0.75];
    const logits = normals(7, 4);
    const direct = await values(density(np.array(x), np.array(logits), 0.7));
    const mirrored = density(np.array(x.map((v) => 1 - v)), np.array(logits.map((l) => -l)), 0.7);
    expect(largestDifference(await values(mirrored), direct)).toBeLessThan(TOLERANCE);
  });

  test.each([0.5, 1, 2])("integrates to 1 at temperature %f", async (temperature) => {
    // Below 1/2 on a grid of u = logit x, where dx = x (1 - x) du; above by symmetry, since float32 is too coarse at 1.
    const step = 0.125;
    const x = Array.from({ length: 60 / step }, (_, i) => sigmoid(-(i + 0.5) * step));
    const massBelowHalf = async (logit: number) =>
      sum(
        (await values(density(np.array(x), np.array(logit), temperature))).map(
          (d, i) => Math.exp(d) * x[i]! * (1 - x[i]!),
        ),
      );
    expect(Math.abs(((await massBelowHalf(0.75)) + (await massBelowHalf(-0.75))) * step - 1)).toBeLessThan(2e-4);
  });

  test("matches the histogram of relax", async () => {
    const draws = 100_000;
    const bins = 20;
    const relaxed = await values(bernoulli.relax(random.key(3), np.full([draws], -0.5), { temperature: 1.5 }));
    const counts = Array.from({ length: bins }, () => 0);
    for (const y of relaxed) counts[Math.min(bins - 1, Math.floor(y * bins))]! += 1;
    const perBin = 500;
    const points = Array.from({ length: bins * perBin }, (_, i) => (i + 0.5) / (bins * perBin));
    const densities = await values(np.exp(density(np.array(points), np.array(-0.5), 1.5)));
    const law = counts.map((_, bin) => sum(densities.slice(bin * perBin, (bin + 1) * perBin)) / points.length);
    expect(sum(law)).toBeCloseTo(1, 3);
    expect(chiSquarePValue(counts, law)).toBeGreaterThan(FALSE_ALARM);
  });

  /** Value and every gradient at once. */
  async function densityAndGradients(x: number[], logits: number[], temperature: number) {
    const total = (value: Array, l: Array, t: Array) => density(value, l, t).sum();
    const at = () => [np.array(x), np.array(logits), np.array(temperature)] as const;
    return await Promise.all([density(...at()), ...grad(total, { argnums: [0, 1, 2] })(...at())].map(values));
  }

  const boundary = [0, 1e-45, 1e-38, 1.2e-38, 2e-34, 1 - 2 ** -23, 1 - 2 ** -24, 1];

  test.each([0.05, 0.5, 1, 100])(
    "is finite with its gradients up to 0 and 1, at temperature %f",
    async (temperature) => {
      for (const logit of [0, 3, 1e4, -1e4]) {
        const logits = boundary.map(() => logit);
        for (const result of await densityAndGradients(boundary, logits, temperature)) {
          expect(result.every(Number.isFinite)).toBe(true);
        }
      }
    },
  );

  test("is finite with its gradients for what relax gives at temperature 0.05", async () => {
    const logits = normals(8, 2000, 4);
    const draws = await values(bernoulli.relax(random.key(4), np.array(logits), { temperature: 0.05 }));
    expect(draws.filter((y) => y === 0).length).toBeGreaterThan(100);
    expect(draws.filter((y) => y === 1).length).toBeGreaterThan(100);
    for (const result of await densityAndGradients(draws, logits, 0.05)) {
      expect(result.every(Number.isFinite)).toBe(true);
    }
  });

  test("of an infinite logit is 0 at the value it forces, -Infinity elsewhere, with zero gradients", async () => {
    const x = [0, 0.5, 1, 0, 0.5, 1];
    const [never, always] = INFINITE as [number, number];
    const [value, ...gradients] = await densityAndGradients(x, [never, never, never, always, always, always], 0.5);
    expect(value).toEqual([0, never, never, never, never, 0]);
    for (const gradient of gradients) expect(gradient.every((g) => g === 0)).toBe(true);
  });
});

describe("temperature", () => {
  const logits = () => np.array(golden.logits);
  const verbs: Record<string, (temperature: number | Array) => Array> = {
    relax: (temperature) => bernoulli.relax(random.key(5), logits(), { temperature }),
    "relax hard": (temperature) => bernoulli.relax(random.key(5), logits(), { temperature, hard: true }),
    softMode: (temperature) => bernoulli.softMode(logits(), { temperature }),
    relaxedLogProb: (temperature) => bernoulli.relaxedLogProb(np.array(golden.point), logits(), { temperature }),
  };

  test.each(Object.entries(verbs))("of %s may be a scalar array", async (_, verb) => {
    expect(await values(verb(np.array(0.3)))).toEqual(await values(verb(0.3)));
  });

  test("divides the logits in softMode, and is 1 by default", async () => {
    const at = (temperature: number) => golden.logits.map((l) => sigmoid(l / temperature));
    expect(largestDifference(await values(bernoulli.softMode(logits())), at(1))).toBeLessThan(1e-6);
    expect(largestDifference(await values(verbs.softMode!(0.25)), at(0.25))).toBeLessThan(1e-6);
  });
});

describe("stretched, the hard concrete distribution", () => {
  const stretch: Stretch = [-0.1, 1.1];

  test.each([
    [-2, 0.5],
    [0, 2 / 3],
    [1.5, 1],
  ])("of logit %f at temperature %f, zeros and ones have their exact probability", async (logit, temperature) => {
    const draws = 100_000;
    const found = await values(bernoulli.relax(random.key(1), np.full([draws], logit), { temperature, stretch }));
    const [open] = await values(bernoulli.openProbability(np.array([logit]), { temperature, stretch }));
    // P(z > 0) is P(logistic > T log(a / (1 - a)) - logit) with a = 0.1 / 1.2; P(z = 1) the same of 1 - a.
    const above = (share: number) => 1 / (1 + Math.exp(temperature * Math.log(share / (1 - share)) - logit));
    expect(open).toBeCloseTo(above(0.1 / 1.2), 6);
    const counts = [found.filter((z) => z === 0).length, found.filter((z) => z === 1).length];
    const expected = [1 - above(0.1 / 1.2), above(1.1 / 1.2)];
    const rest = (x: number[], whole: number) => [...x, whole - x[0]! - x[1]!];
    expect(chiSquarePValue(rest(counts, draws), rest(expected, 1))).toBeGreaterThan(FALSE_ALARM);
  });

  test("is the clipped stretch of the draw of the same key", async () => {
    const logits = () => np.array(normals(3, 200));
    const plain = await values(bernoulli.relax(random.key(2), logits(), { temperature: 0.7 }));
    const stretched = await values(bernoulli.relax(random.key(2), logits(), { temperature: 0.7, stretch }));
    const expected = plain.map((y) => Math.min(1, Math.max(0, 1.2 * y - 0.1)));
    expect(largestDifference(stretched, expected)).toBeLessThan(1e-6);
  });

  test("openProbability keeps what is never and always at any temperature, and refuses a stretch of null", async () => {
    const logits = () => np.array([Number.NEGATIVE_INFINITY, -1e30, 0, 1e30, Number.POSITIVE_INFINITY]);
    for (const temperature of [1e-30, 1, 3e38]) {
      const found = await values(bernoulli.openProbability(logits(), { temperature }));
      expect([found[0], found[1], found[3], found[4]]).toEqual([0, 0, 1, 1]);
    }
    expect(() => bernoulli.openProbability(logits(), { stretch: null as never })).toThrow(
      "such as [-0.1, 1.1], got null",
    );
  });

  test("openProbability has the stretch of the paper by default, and keeps what is never and always", async () => {
    const found = await values(
      bernoulli.openProbability(np.array([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY, Number.NaN])),
    );
    expect(found[0]).toBe(0);
    expect(found[1]).toBeCloseTo(11 / 12, 6);
    expect(found[2]).toBe(1);
    expect(found[3]).toBeNaN();
  });

  test.each([[[0, 1]], [[-0.1]], [[-0.1, Number.NaN]], ["wide"], [0.1], [null], [[-1e300, 1e300]], [[-1e-9, 1.1]]])(
    "a stretch of %j is refused",
    (bad) => {
      const options = { stretch: bad as unknown as Stretch };
      expect(() => bernoulli.softMode(np.array([0]), options)).toThrow(
        /^bernoulli.softMode: stretch must be two numbers, one below 0 and one above 1, by a millionth to a million, such as \[-0.1, 1.1\], got /, // biome-ignore format: short
      );
    },
  );
});

test("fromProbabilities: the law is that of the probabilities, and what is certain has no gradient", async () => {
  const p = () => np.array([0, 0.25, 1]);
  expect(
    largestDifference(await values(bernoulli.marginals(bernoulli.fromProbabilities(p()))), [0, 0.25, 1]),
  ).toBeLessThan(1e-6);
  const slope = await values(grad((p: np.Array) => bernoulli.marginals(bernoulli.fromProbabilities(p)).sum())(p()));
  expect(largestDifference(slope, [0, 1, 0])).toBeLessThan(1e-5);
  const bad = await values(bernoulli.marginals(bernoulli.fromProbabilities(np.array([-0.1, 1.1, Number.NaN]))));
  expect(bad.every(Number.isNaN)).toBe(true);
});
