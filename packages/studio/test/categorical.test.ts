/** The page computes what the library does: the same noise, draws and gradients. */

import { grad, numpy as np, random } from "@jax-js/jax";
import { categorical } from "softdraw";
import { expect, test } from "vitest";
import { exactGradient, relaxedGradients, straightThroughGradients } from "../src/pages/categorical/gradients.ts";
import { drawNoise, hardDraws, relaxDraws } from "../src/pages/categorical/relaxed-draws.ts";
import { estimateOf, judgeGradients, relaxedCloud } from "../src/pages/categorical/tasks.ts";

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

test("an estimate is the mean, its distance from the exact gradient, and the root of the summed variances", async () => {
  expect(estimateOf([1, 0, 3, 4], 0.5, [2, 0])).toEqual({
    temperature: 0.5,
    mean: [2, 2],
    bias: 2,
    deviation: Math.sqrt(5),
  });
  const question = { logits, values, target: 2, temperatures: [0.1, 5], draws: 20_000, seed: 1 };
  const { relaxed } = await judgeGradients(question);
  // Cold: little bias and a wide spread; warm the other way round.
  expect(relaxed[0]!.bias).toBeLessThan(relaxed[1]!.bias);
  expect(relaxed[0]!.deviation).toBeGreaterThan(relaxed[1]!.deviation);
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}
