/** The figures of the story do not wait for the engine: their plain formulas are the library's. */

import { numpy as np } from "@jax-js/jax";
import { noise, permutation, spanningTree, subset } from "softdraw";
import { expect, test } from "vitest";
import { drawGradient, exactGradient, largestOf, oneHot, softmax } from "../src/mathematics/choice.ts";
import { gumbelFromBits, gumbelNoise } from "../src/mathematics/noise.ts";
import { softSubset, softTree, spanningTrees } from "../src/mathematics/structures.ts";
import { integratedEstimate } from "../src/pages/categorical/estimates.ts";
import * as library from "../src/pages/categorical/gradients.ts";
import { judgeGradients } from "../src/pages/categorical/tasks.ts";
import { sinkhornSteps } from "../src/pages/permutations/sinkhorn-steps.ts";
import { learn } from "../src/pages/start/learning.ts";
import { edgesOf, edgeValues, matrixOf } from "../src/pages/trees/edges.ts";

const TEMPERATURES = [0.05, 0.5, 1, 10];
const logits = [0.5, 0, -0.5];
const wish = { values: [1, 2, 4], target: 2 };
const next = gumbelNoise(3);

test("noise of the same bits is the library's, to the digits that it has", async () => {
  const bits = [0, 1, 12345, 2 ** 20, 2 ** 31, 2 ** 32 - 2 ** 20, 2 ** 32 - 2 ** 9];
  const found = await noise.gumbelFromBits(np.array(Uint32Array.from(bits))).data();
  bits.forEach((value, i) => {
    expect(gumbelFromBits(value)).toBeCloseTo(found[i]!, 3);
  });
});

test("the largest key of the story's noise is each class as often as softmax says", () => {
  const draws = 20_000;
  const counts = [0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const own = next(3);
    counts[largestOf(logits.map((l, j) => l + own[j]!))]! += 1;
  }
  const statistic = softmax(logits).reduce((sum, p, i) => sum + (counts[i]! - draws * p) ** 2 / (draws * p), 0);
  // A correct sampler exceeds -2 log(1e-4), of the chi-square law with two degrees of freedom, once in 10,000 seeds.
  expect(statistic).toBeLessThan(18.4);
});

test("the gradients of one draw are those of the library's relaxations", async () => {
  const own = next(3);
  const keys = logits.map((l, i) => l + own[i]!);
  for (const temperature of TEMPERATURES) {
    const soft = softmax(keys, temperature);
    for (const [gradients, seen] of [
      [library.relaxedGradients, soft],
      [library.straightThroughGradients, oneHot(largestOf(keys), 3)],
    ] as const) {
      const [l, v, t, at] = [np.array(logits), np.array(wish.values), np.array(wish.target), np.array(temperature)];
      const expected = await gradients(np.array([own]), l, v, t, at).data();
      close(drawGradient(soft, seen, temperature, wish), expected);
    }
  }
  close(
    exactGradient(logits, wish),
    await library.exactGradient(np.array(logits), np.array(wish.values), np.array(2)).data(),
  );
});

test("bias and deviation are those that the library's gradients have", async () => {
  const temperatures = [0.05, 1];
  const { exact, relaxed, straightThrough } = await judgeGradients({ logits, ...wish, temperatures });
  temperatures.forEach((temperature, i) => {
    for (const [estimates, seesChoice] of [
      [relaxed, false],
      [straightThrough, true],
    ] as const) {
      const own = integratedEstimate(logits, temperature, wish, seesChoice, exact);
      close([own.bias, own.deviation], [estimates[i]!.bias, estimates[i]!.deviation]);
    }
  });
});

test("subsets, permutations and trees are softened as by the library", async () => {
  const [items, edges] = [next(5), next(6)];
  const pairs = [next(4), next(4), next(4), next(4)];
  const trees = spanningTrees(edgesOf(4), 4);
  expect(trees.length).toBe(16);
  for (const temperature of TEMPERATURES) {
    close(softSubset(items, 2, temperature), await subset.softMode(np.array(items), 2, { temperature }).data());
    const marginals = await spanningTree.marginals(np.array(matrixOf(edges, 4)).div(temperature)).data();
    close(softTree(edges, trees, temperature), edgeValues(marginals, 4));
    const plan = await permutation.sinkhorn(np.array(pairs), { temperature, iterations: 200 }).data();
    close(sinkhornSteps(pairs, temperature, 400).at(-1)!.flat(), plan);
  }
});

test("the lines that the story ends with learn the cup that is wished for", async () => {
  const path = await learn(wish.values, wish.target, 1, 300);
  expect(path.length).toBe(300);
  expect(softmax(path.at(-1)!)[1]).toBeGreaterThan(0.9);
});

function close(found: readonly number[], expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-4 * (1 + Math.abs(expected[i]!)));
  });
}
