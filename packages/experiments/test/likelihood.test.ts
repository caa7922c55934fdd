/** The laws of pixels by what a decoder says, against their definitions in float64. */

import { grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { likelihoodOf } from "../src/categorical-vae/likelihood.ts";

const { logProb, middle } = likelihoodOf({ likelihood: "discretized-logistic" });

const LEVELS = Array.from({ length: 256 }, (_, level) => level / 255);

/** The logarithm of the probability of each of the 256 values, for a pixel by itself. */
async function logProbs(mean: number, logScale: number): Promise<number[]> {
  const decoded = np.array(LEVELS.map(() => [mean, logScale]));
  return logProb(np.array(LEVELS.map((level) => [level])), decoded).jsAsync();
}

test.each([
  [0.1, -1],
  [-0.9, -3],
  [1.2, -6.9],
  [0, -5.5],
  [0.3, 4],
  [-1e4, -7],
  [1e4, 10],
  [0.5, -50],
  [0, 80],
])("of mean %d and log scale %d is finite, and its 256 values are all there is", async (mean, logScale) => {
  const found = await logProbs(mean, logScale);
  expect(found.every(Number.isFinite)).toBe(true);
  expect(found.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 3);
});

test("is the difference of two sigmoids, and its tails are those of the first and the last value", async () => {
  const [mean, logScale] = [0.2, -2];
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const found = await logProbs(mean, logScale);
  LEVELS.forEach((level, i) => {
    const end = (step: number) => (2 * level - 1 + step / 255 - mean) / Math.exp(logScale);
    const [upper, lower] = [i === 255 ? 1 : sigmoid(end(1)), i === 0 ? 0 : sigmoid(end(-1))];
    expect(Math.exp(found[i]!)).toBeCloseTo(upper - lower, 5);
  });
});

test.each([
  [0.2, -2, 0.5],
  [-0.7, -4.5, 0],
  [0.4, 1, 1],
  [0.9, -5, 0.8],
])("has the gradient of finite differences at mean %d, log scale %d and value %d", async (mean, logScale, value) => {
  const level = Math.round(255 * value) / 255;
  const at = (parameters: np.Array) => logProb(np.array([[level]]), parameters.reshape([1, 2])).sum();
  const found = (await grad(at)(np.array([mean, logScale])).data()) as Float32Array;
  const h = 2e-2;
  const differences = await Promise.all(
    [0, 1].map(async (i) => {
      const moved = async (by: number) => {
        const parameters = [mean, logScale].map((parameter, j) => parameter + (i === j ? by : 0));
        return at(np.array(parameters)).data();
      };
      const [[a], [b], [c], [d]] = [await moved(2 * h), await moved(h), await moved(-h), await moved(-2 * h)];
      return (8 * (b! - c!) - (a! - d!)) / (12 * h);
    }),
  );
  for (const i of [0, 1]) expect(Math.abs(found[i]! - differences[i]!)).toBeLessThan(0.02 * (1 + Math.abs(found[i]!)));
});

test("shows its means, within what a pixel can be", async () => {
  const shown = middle(np.array([[-3, 0, 0.5, 0, 0, 0]]));
  expect(await shown.jsAsync()).toEqual([[0, 0.5, 0.75]]);
});
