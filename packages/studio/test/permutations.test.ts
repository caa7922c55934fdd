import { numpy as np, random } from "@jax-js/jax";
import { permutation } from "softdraw";
import { describe, expect, test } from "vitest";
import { gibbsLaw, marginals } from "../src/pages/permutations/laws-of-three.ts";
import { columnSums, residualOf, rowSums } from "../src/pages/permutations/plans.ts";
import { sinkhornSteps } from "../src/pages/permutations/sinkhorn-steps.ts";
import { bestMatching, iterationsNeeded, randomLogits, threeLaws } from "../src/pages/permutations/tasks.ts";

const three = [
  [1, 0, 0],
  [0, 2, 1],
  [0, 1, 1],
];

describe("the steps of Sinkhorn", () => {
  test.each([
    ...[1, 0.2, 0.05].flatMap((temperature) => [1, 3, 20].map((iterations) => ({ temperature, iterations }))),
  ])(
    "two of them are the library's iteration: $iterations at temperature $temperature",
    async ({ temperature, iterations }) => {
      const logits = await randomLogits({ n: 6, seed: 4 });
      const shown = sinkhornSteps(logits, temperature, 2 * iterations).at(-1)!;
      const plan = await permutation.sinkhorn(np.array(logits), { temperature, iterations }).data();
      expect(Math.max(...shown.flat().map((entry, i) => Math.abs(entry - plan[i]!)))).toBeLessThan(1e-5);
    },
  );

  test("they leave the rows, and then the columns, with sums of 1", async () => {
    const plans = sinkhornSteps(await randomLogits({ n: 12, seed: 2 }), 0.1, 5);
    for (const [step, plan] of plans.entries()) {
      if (step === 0) expect(Math.max(...plan.flat())).toBe(1);
      else for (const sum of (step % 2 === 1 ? rowSums : columnSums)(plan)) expect(sum).toBeCloseTo(1, 9);
    }
  });

  test("as many as the library counts bring the sums within a thousandth", async () => {
    const logits = await randomLogits({ n: 5, seed: 1 });
    const needed = await iterationsNeeded({ logits, temperature: 0.5 });
    const plans = sinkhornSteps(logits, 0.5, 2 * needed);
    expect(residualOf(plans.at(-1)!)).toBeLessThanOrEqual(1.01e-3);
    expect(residualOf(plans.at(-3)!)).toBeGreaterThan(0.99e-3);
  });
});

describe("matchings", () => {
  test("the best one has the largest sum; with noise it is the library's draw", async () => {
    expect((await bestMatching({ logits: three, seed: null })).columns).toEqual([0, 1, 2]);
    const { logits, columns } = await bestMatching({ logits: three, seed: 7 });
    const draw = await permutation.sample(random.key(7), np.array(three)).then((value) => value.data());
    expect(columns).toEqual([0, 1, 2].map((row) => draw.subarray(3 * row, 3 * row + 3).indexOf(1)));
    expect(logits).not.toEqual(three);
  });
});

describe("the laws of three", () => {
  test("Gibbs: by hand", () => {
    // The sums of scores are 4, 3, 1, 1, 1, 2.
    const weights = [4, 3, 1, 1, 1, 2].map(Math.exp);
    const permanent = weights.reduce((a, b) => a + b);
    gibbsLaw(three).forEach((probability, i) => {
      expect(probability).toBeCloseTo(weights[i]! / permanent, 12);
    });
  });

  test("all three are doubly stochastic, and they differ", async () => {
    const { gibbs, matching, plan } = await threeLaws({ logits: three, draws: 5000, seed: 0 });
    expect(matching.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    const matrices = [marginals(gibbs), marginals(matching), plan];
    for (const matrix of matrices) expect(residualOf(matrix)).toBeLessThan(1e-4);
    // At 5,000 draws a share is off by less than 0.03 but once in 10,000 times.
    expect(Math.abs(gibbs[0]! - matching[0]!)).toBeGreaterThan(0.06);
    expect(Math.abs(matrices[0]![0]![0]! - plan[0]![0]!)).toBeGreaterThan(0.06);
    expect(Math.abs(matrices[1]![0]![0]! - plan[0]![0]!)).toBeGreaterThan(0.01);
  });
});
