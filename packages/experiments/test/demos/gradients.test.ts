import { numpy as np, random } from "@jax-js/jax";
import { differences, largestDifference } from "@softdraw/testing/numbers";
import { type bernoulli, type categorical, type Estimator, type ExpectationOptions, expectation } from "softdraw";
import { describe, expect, test } from "vitest";
import { contestantsOf, estimatorsOf } from "../../src/demos/gradient-estimators.ts";
import {
  costNames,
  countValues,
  exactGradient,
  type GradientProblem,
  type ProblemRequest,
  randomProblem,
  structureNames,
  valueShares,
} from "../../src/demos/gradient-problems.ts";
import {
  compareGradients,
  countComparisons,
  FALSE_ALARM,
  type GradientComparison,
  type GradientRequest,
  mainPlane,
  rareGradient,
} from "../../src/demos/gradients.ts";

const problemOf = (request: Partial<ProblemRequest> = {}) =>
  randomProblem({ structure: "bernoulli", n: 4, k: 2, cost: "network", ...request }, random.key(7));

async function comparisonsOf(problem: GradientProblem, request: Partial<GradientRequest> = {}) {
  const found: GradientComparison[] = [];
  const asked = { budgets: [4], temperature: 1, draws: 500, seed: 0, ...request };
  for await (const comparison of compareGradients(problem, asked)) found.push(comparison);
  expect(found).toHaveLength(countComparisons(problem, asked));
  return found;
}

const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const softmax = (x: readonly number[]) => {
  const weights = x.map(Math.exp);
  return weights.map((w) => w / sum(weights));
};

/** All values of the choice, and their probabilities in float64. */
const LAWS = {
  bernoulli: {
    values: Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].map((j) => (i >> j) & 1)),
    probability: (value: number[], l: readonly number[]) =>
      value.reduce((p, b, i) => p / (1 + Math.exp(b === 1 ? -l[i]! : l[i]!)), 1),
  },
  categorical: {
    values: [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => Number(i === j))),
    probability: (value: number[], l: readonly number[]) => softmax(l)[value.indexOf(1)]!,
  },
  subset: {
    values: Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].map((j) => (i >> j) & 1)).filter((v) => sum(v) === 2),
    probability: (value: number[], l: readonly number[]) => {
      const p = softmax(l);
      const [a, b] = [p[value.indexOf(1)]!, p[value.lastIndexOf(1)]!];
      return a * b * (1 / (1 - a) + 1 / (1 - b));
    },
  },
};

describe("a problem", () => {
  test.each(structureNames.flatMap((structure) => costNames.map((cost) => [structure, cost] as const)))(
    "of %s with the cost %s has the exact gradient of the enumerated law, and as many values",
    async (structure, cost) => {
      const problem = await problemOf({ structure, cost });
      const { values, probability } = LAWS[structure];
      expect(countValues({ structure, n: 4, k: 2, cost })).toBe(values.length);
      const costs = await problem.cost(np.array(values), problem.parameters()).data();
      const expected = (l: number[]) => sum(values.map((value, i) => probability(value, l) * costs[i]!));
      const exact = differences(expected, [...problem.logits]);
      expect(largestDifference(await exactGradient(problem), exact)).toBeLessThan(2e-5);
      expect(Math.hypot(...exact)).toBeGreaterThan(0.01);

      const shares = await valueShares(problem);
      expect(sum(shares.map((share) => share.probability))).toBeCloseTo(1, 5);
      const total = exact.map((_, i) => sum(shares.map(({ gradient }) => gradient[i]!)));
      expect(largestDifference(total, exact)).toBeLessThan(2e-5);
      const rising = shares.every((share, i) => i === 0 || share.probability >= shares[i - 1]!.probability);
      expect(rising).toBe(true);
    },
  );

  test("of one bit with the toy cost is that of the paper of REBAR", async () => {
    const problem = await problemOf({ n: 1, cost: "toy" });
    const [logit] = problem.logits as [number];
    const p = 1 / (1 + Math.exp(-logit));
    expect((await exactGradient(problem))[0]).toBeCloseTo((0.55 ** 2 - 0.45 ** 2) * p * (1 - p), 6);
  });
});

describe("the contestants", () => {
  const everyName = [...new Set(structureNames.flatMap(estimatorsOf))];
  const budget = (values: number) => ({ values, temperature: 0.5, n: 16 });

  test.each(structureNames)("of %s are all that the library takes, and no others", async (structure) => {
    const problem = await problemOf({ structure });
    const isTaken = (estimator: Estimator) => {
      const logits = np.array([...problem.logits]);
      const cost = (value: np.Array) => value.sum(-1);
      const options = { estimator, samples: 2, variate: cost } as unknown as ExpectationOptions<typeof categorical>;
      try {
        expectation(problem.structure as typeof categorical, random.key(0), logits, cost, options).dispose();
      } catch (error) {
        return !/needs a structure|is for \w+/.test(String(error));
      }
      return true;
    };
    expect(estimatorsOf(structure)).toEqual(everyName.filter(isTaken).sort(inOrderOf(estimatorsOf(structure))));
    const named = new Set(contestantsOf(structure, budget(16)).map(({ options }) => options.estimator));
    expect(new Set(["exact", ...named])).toEqual(new Set(estimatorsOf(structure)));
  });

  test.each(structureNames)(
    "of %s call the cost with as many values as they say, within any budget",
    async (structure) => {
      const problem = await problemOf({ structure });
      for (const values of [1, 2, 3, 16]) {
        for (const contestant of contestantsOf(structure, { ...budget(values), n: 4 })) {
          let called = 0;
          const cost = (value: np.Array) => {
            called += value.shape[0]!;
            return problem.cost(value, problem.parameters());
          };
          const options = { ...contestant.options, variate: (z: np.Array) => z.sum(-1) };
          if (options.estimator !== "relax") Reflect.deleteProperty(options, "variate");
          await expectation(
            problem.structure as typeof bernoulli,
            random.key(1),
            np.array([...problem.logits]),
            cost,
            options as ExpectationOptions<typeof bernoulli>,
          ).data();
          expect(called, contestant.name).toBe(contestant.values);
          expect(called, contestant.name).toBeLessThanOrEqual(values);
          expect(contestant.samples, contestant.name).toBe(options.samples);
        }
      }
    },
  );
});

describe("compareGradients", () => {
  test("gives the same for the same seed, timings apart, and something else for another seed and each estimator", async () => {
    const problem = await problemOf();
    const untimed = (found: GradientComparison[]) => found.map(({ milliseconds: _, ...rest }) => rest);
    const first = untimed(await comparisonsOf(problem, { budgets: [2] }));
    expect(untimed(await comparisonsOf(problem, { budgets: [2] }))).toEqual(first);
    const other = untimed(await comparisonsOf(problem, { budgets: [2], seed: 1 }));
    for (const [i, { name, mean }] of first.entries()) expect(other[i]!.mean, name).not.toEqual(mean);
    expect(new Set(first.map(({ mean }) => mean.join())).size).toBe(first.length);
  });

  /**
   * Each estimator without a bias is said to have one at the rate `FALSE_ALARM` or less, which makes 3e-3 of the 30 here. The
   * bound is for any covariance and not reached by one in as many dimensions, so in truth it is far less.
   */
  test.each(structureNames)(
    "of %s sees the biases that there are, and no others",
    { timeout: 300_000 },
    async (structure) => {
      expect(FALSE_ALARM).toBe(1e-4);
      const biased = ["simple", "relaxed", "straight-through", "gumbel-rao", "gapped-straight-through", "imle"];
      const problem = await problemOf({ structure, cost: "quadratic" });
      // Less of subsets, whose likelihoods take long, and of which "rebar" takes the engine long to compile.
      const [draws, budget] = structure === "subset" ? [1500, 2] : [6000, 4];
      const found = await comparisonsOf(problem, { draws, budgets: [budget] });
      for (const { name, isBiasSeen, bias, biasError, deviation, rootMeanSquare, leastBias } of found) {
        expect(isBiasSeen, name).toBe(biased.includes(name));
        expect(biasError, name).toBeCloseTo(deviation / Math.sqrt(draws), 10);
        expect(rootMeanSquare, name).toBeCloseTo(Math.hypot(bias, deviation), 8);
        expect(leastBias, name).toBeGreaterThan(3 * biasError);
      }
      const errorOf = (wanted: string) => found.find(({ name }) => name === wanted)!.rootMeanSquare;
      // What each was made for.
      expect(errorOf("score-function, leave-one-out")).toBeLessThan(errorOf("score-function"));
      expect(errorOf("relax")).toBeLessThan(errorOf("score-function"));
      expect(errorOf("gumbel-rao")).toBeLessThan(errorOf("straight-through"));
      expect(errorOf("score-function")).toBeLessThan(errorOf("perturbed"));
    },
  );

  test("counts the draws of a last block that is not full, once each", async () => {
    const problem = await problemOf({ structure: "categorical", n: 32, cost: "toy" });
    const [few] = await comparisonsOf(problem, { budgets: [1024], draws: 2 });
    // A block is one estimate: two blocks and one and a half of them have the same first estimates.
    const [more] = await comparisonsOf(problem, { budgets: [1024], draws: 3 });
    expect(few!.cloud.length).toBe(2 * 32);
    expect([...more!.cloud.subarray(0, 64)]).toEqual([...few!.cloud]);
    const mean = Array.from({ length: 32 }, (_, i) =>
      [0, 1, 2].reduce((s, row) => s + more!.cloud[32 * row + i]! / 3, 0),
    );
    expect(largestDifference(more!.difference, mean)).toBeLessThan(1e-12);
  });

  test("says of no estimator that it is biased where what matters has not been drawn", async () => {
    const table = [10, -3, -8];
    const problem: GradientProblem = {
      ...(await problemOf({ structure: "categorical", n: 3 })),
      logits: [5, -5, -5],
      cost: (values, [weights]) => np.square(values.mul(weights!).sum(-1).add(10)),
      parameters: () => [np.array(table)],
    };
    expect(Math.hypot(...(await exactGradient(problem)))).toBeGreaterThan(0.01);
    const found = await comparisonsOf(problem, { budgets: [1], temperature: 0.05, draws: 2000 });
    const relaxed = found.find(({ name }) => name === "relaxed")!;
    // Nearly nothing was drawn, so the spread alone would make a bias of what is the exact gradient.
    expect(relaxed.bias).toBeGreaterThan(6 * relaxed.biasError);
    // That of "imle" is of the value that was drawn.
    for (const { name, isBiasSeen } of found) expect(isBiasSeen, name).toBe(name === "imle");
  });
});

describe("rareGradient", () => {
  const shares = [
    { probability: 1e-5, gradient: [3, 4] },
    { probability: 1e-4, gradient: [-3, -3] },
    { probability: 0.5, gradient: [9, 9] },
  ];
  test("is the length of what may be missed altogether, and 0 where nothing is rare", () => {
    // Missed once in 10,000 times is a probability of 9.21 over the draws.
    expect(rareGradient(shares, 1000)).toBe(5);
    expect(rareGradient(shares, 9.2 / 1e-5)).toBe(5);
    expect(rareGradient(shares, 9.3 / 1e-5)).toBe(0);
    expect(rareGradient(shares, 10)).toBe(Math.hypot(9, 10));
  });
});

test("the plane of the clouds keeps distances where there are two logits, and finds the long direction of more", async () => {
  const comparisons = await comparisonsOf(await problemOf({ n: 2 }), { draws: 50, budgets: [1] });
  const two = mainPlane(comparisons);
  for (const [i, { points, mean, name }] of two.entries()) {
    const { cloud, bias } = comparisons[i]!;
    expect(name).toBe(comparisons[i]!.name);
    expect(Math.hypot(mean.x, mean.y)).toBeCloseTo(bias, 10);
    points.forEach(({ x, y }, row) => {
      expect(Math.hypot(x, y)).toBeCloseTo(Math.hypot(cloud[2 * row]!, cloud[2 * row + 1]!), 10);
    });
  }
  const four = mainPlane(await comparisonsOf(await problemOf(), { draws: 400, budgets: [1] }));
  const spread = (axis: "x" | "y") => sum(four.flatMap(({ points }) => points.map((point) => point[axis] ** 2)));
  expect(spread("x")).toBeGreaterThan(spread("y"));
});

function inOrderOf<T>(order: readonly T[]) {
  return (a: T, b: T) => order.indexOf(a) - order.indexOf(b);
}
