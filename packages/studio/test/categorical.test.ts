/** The page computes what the library does: the same noise, draws and gradients. */

import { grad, numpy as np, random } from "@jax-js/jax";
import { categorical } from "softdraw";
import { describe, expect, test } from "vitest";
import { bandOfRoot, squaredLengths } from "../src/pages/categorical/estimate-bands.ts";
import { type Estimate, estimateOf } from "../src/pages/categorical/estimates.ts";
import { compareEstimators } from "../src/pages/categorical/estimators.ts";
import { exactGradient, relaxedGradients, straightThroughGradients } from "../src/pages/categorical/gradients.ts";
import { noiseQuadrature } from "../src/pages/categorical/integration.ts";
import { drawNoise, hardDraws, relaxDraws } from "../src/pages/categorical/relaxed-draws.ts";
import { judgeGradients, relaxedCloud } from "../src/pages/categorical/tasks.ts";

const logits = [1, 0, -0.5];
const values = [1, 2, 4];
const rows = () => np.broadcastTo(np.array(logits), [500, 3]);

test("a cloud is the library's relaxed draws of the same key, and its counts are the exact draws", async () => {
  const cloud = await relaxedCloud({ logits, temperature: 0.7, draws: 500, seed: 3 });
  const relaxed = await categorical.relax(random.key(3), rows(), { temperature: 0.7 }).data();
  expect(largestDifference(cloud.relaxed, relaxed)).toBeLessThan(1e-6);
  const exact = await categorical.sample(random.key(3), rows()).data();
  expect([...exact]).toEqual([...cloud.choices].flatMap((choice) => [0, 1, 2].map((i) => Number(i === choice))));
  expect(cloud.counts.reduce((a, b) => a + b)).toBe(500);
});

test("the temperature moves the draws and changes none", async () => {
  const warm = await relaxedCloud({ logits, temperature: 5, draws: 500, seed: 3 });
  const cold = await relaxedCloud({ logits, temperature: 0.05, draws: 500, seed: 3 });
  expect(cold.counts).toEqual(warm.counts);
  const hard = await hardDraws(drawNoise(3, 500, 3), np.array(logits)).data();
  const freezing = await relaxDraws(drawNoise(3, 500, 3), np.array(logits), np.array(1e-6)).data();
  expect(largestDifference(freezing, hard)).toBe(0);
});

test("the gradients are those of the library's relaxations", async () => {
  const loss = (y: np.Array) => np.square(y.mul(np.array(values)).sum(-1).sub(2)).sum();
  for (const [gradients, hard] of [
    [relaxedGradients, false],
    [straightThroughGradients, true],
  ] as const) {
    const noise = drawNoise(5, 500, 3);
    const shown = await gradients(noise, np.array(logits), np.array(values), np.array(2), np.array(0.6)).data();
    const expected = grad((l: np.Array) => loss(categorical.relax(random.key(5), l, { temperature: 0.6, hard })))(
      rows(),
    );
    expect(largestDifference(shown, await expected.data())).toBeLessThan(1e-5);
  }
});

test("the exact gradient is the slope of the expected loss", async () => {
  const expectedLoss = (l: readonly number[]) => {
    const weights = l.map(Math.exp);
    const sum = weights.reduce((a, b) => a + b);
    return weights.reduce((total, w, i) => total + (w / sum) * (values[i]! - 2) ** 2, 0);
  };
  const exact = await exactGradient(np.array(logits), np.array(values), np.array(2)).data();
  Array.from(exact).forEach((slope, i) => {
    const moved = (by: number) => logits.map((l, j) => (i === j ? l + by : l));
    expect(slope).toBeCloseTo((expectedLoss(moved(1e-4)) - expectedLoss(moved(-1e-4))) / 2e-4, 4);
  });
});

test("an estimate is the mean, its distance from the exact gradient, and the root of the summed variances", () => {
  expect(estimateOf([1, 0, 3, 4, 9, 9], [0.5, 0.5, 0], 0.5, [2, 0])).toEqual({
    temperature: 0.5,
    mean: [2, 2],
    bias: 2,
    deviation: Math.sqrt(5),
  });
});

const CORNERS = [
  { logits, values, target: 2 },
  { logits: [5, -5, -5], values, target: -10 },
  { logits: [-5, 5, 4], values: [10, -10, 3], target: 3 },
];
const TEMPERATURES = [0.05, 0.3, 1, 10];

describe.each(CORNERS)("integrated over the noise of the logits $logits", (question) => {
  test("weights sum to 1, and to the probability of each class where it is the choice", () => {
    const weights = question.logits.map(Math.exp);
    const sum = weights.reduce((a, b) => a + b);
    for (const temperature of TEMPERATURES) {
      const { noise, weights: shares } = noiseQuadrature(question.logits, temperature);
      const found = [0, 0, 0];
      shares.forEach((share, row) => {
        const keys = question.logits.map((l, i) => l + noise[3 * row + i]!);
        found[keys.indexOf(Math.max(...keys))]! += share;
      });
      expect(
        largestDifference(
          found,
          weights.map((w) => w / sum),
        ),
      ).toBeLessThan(2e-5);
    }
  });

  test("mean and deviation are those of many draws, but for chance", async () => {
    const [draws, temperature] = [100_000, 1];
    const { relaxed, straightThrough } = await judgeGradients({ ...question, temperatures: [temperature] });
    for (const [gradients, [estimate]] of [
      [relaxedGradients, relaxed],
      [straightThroughGradients, straightThrough],
    ] as const) {
      const [l, v, t] = [question.logits, question.values, question.target].map((x) => np.array(x)) as Arrays;
      const sampled = await gradients(drawNoise(8, draws, 3), l, v, t, np.array(temperature)).data();
      const equal = new Float64Array(draws).fill(1 / draws);
      const { mean, deviation } = estimateOf(sampled, equal, temperature, [0, 0, 0]);
      const distance = Math.hypot(...mean.map((m, i) => m - estimate!.mean[i]!));
      // Laurent and Massart's bound for the mean, 1 + 2 sqrt(x) + 2 x and its root, with x = -log(1e-4 / 6) for six means.
      expect(distance).toBeLessThan((5.45 * estimate!.deviation) / Math.sqrt(draws));
      expect(deviation / estimate!.deviation).toBeGreaterThan(0.8);
      expect(deviation / estimate!.deviation).toBeLessThan(1.25);
    }
  });

  test("the relaxed gradient tends to the exact one as the temperature falls, and its deviation grows", async () => {
    const temperatures = [0.2, 0.1, 0.05];
    const { relaxed, exact } = await judgeGradients({ ...question, temperatures });
    const [warm, cool, cold] = relaxed as [Estimate, Estimate, Estimate];
    expect(cold.deviation).toBeGreaterThan(warm.deviation);
    for (const [warmer, cooler] of [
      [warm, cool],
      [cool, cold],
    ] as const) {
      expect(cooler.bias).toBeLessThan(0.7 * warmer.bias + 1e-5 * (1 + Math.hypot(...exact)));
    }
  });
});

test("at a low temperature a bias is what it is, where draws had none that matter", async () => {
  const question = { logits: [5, -5, -5], values, target: -10, temperatures: [0.05] };
  const { relaxed, straightThrough } = await judgeGradients(question);
  // Of 20,000 draws, all but one or two are the first class, with a gradient of 0.
  for (const [estimate] of [relaxed, straightThrough]) {
    expect(estimate!.bias).toBeLessThan(1e-4);
    expect(estimate!.deviation).toBeGreaterThan(1);
  }
});

test("every estimator is compared with the exact gradient of the page", async () => {
  const question = { logits, values, target: 2 };
  const { exact } = await judgeGradients({ ...question, temperatures: [1] });
  const comparisons = await compareEstimators({ ...question, temperature: 1, samples: 4, draws: 100, seed: 1 });
  expect(comparisons.length).toBeGreaterThan(12);
  for (const { name, mean, difference } of comparisons) {
    expect(
      largestDifference(
        mean.map((m, i) => m - difference[i]!),
        exact,
      ),
      name,
    ).toBeLessThan(1e-5);
  }
});

test("the band of a root mean square is its standard error, twice", () => {
  // Squares of a normal law: their mean has a relative error of sqrt(2 / n), its root half of that.
  const squares = Array.from({ length: 2000 }, (_, i) => {
    const [u, v] = [(i + 0.5) / 2000, ((i * 0.618034) % 1) * 2 * Math.PI];
    return -2 * Math.log(u) * Math.cos(v) ** 2;
  });
  expect(bandOfRoot(squares, 10_000) / (1.96 * Math.sqrt(0.5 / 10_000))).toBeCloseTo(1, 1);
  expect(squaredLengths([1, 2, 4, 6], [1, 2])).toEqual([0, 25]);
  expect(bandOfRoot([0, 0], 100)).toBe(0);
});

type Arrays = [np.Array, np.Array, np.Array];

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}
