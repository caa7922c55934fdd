import { describe, expect, test } from "vitest";
import type { Answers, NumberExamples, TokenExamples } from "../src/explain/answers/examples.ts";
import { type AskModel, type ExplainAnswersOptions, explainAnswers } from "../src/explain/answers/index.ts";
import { fidelityOf, largestOfRows, occlusionOf } from "../src/explain/answers/judge.ts";

const [COUNT, FEATURES] = [600, 6];

/** Numbers from 0 to 1, the same every time: Knuth's multiplicative generator. */
function numbers(count: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

const values = Float32Array.from(numbers(COUNT * FEATURES), (u) => 4 * u - 2);
const examples: NumberExamples = {
  kind: "numbers",
  ...{ count: COUNT, features: FEATURES, values, groups: FEATURES },
  groupOf: Int32Array.from({ length: FEATURES }, (_, i) => i),
};

/** A model that looks at the second and the fifth number, and says whether their signs agree. */
function probabilityOf(row: ArrayLike<number>): number[] {
  const p = 1 / (1 + Math.exp(-4 * row[1]! * row[4]!));
  return [1 - p, p];
}

const answers: Answers = {
  classes: 2,
  values: Float32Array.from(
    Array.from({ length: COUNT }, (_, row) =>
      probabilityOf(values.subarray(row * FEATURES, (row + 1) * FEATURES)),
    ).flat(),
  ),
};

/** The same model with 0 in place of what it does not see. */
const ask: AskModel = async (rows, seen) =>
  Float32Array.from(
    Array.from(rows, (row, part) =>
      probabilityOf(
        Array.from({ length: FEATURES }, (_, i) => values[row * FEATURES + i]! * seen[part * FEATURES + i]!),
      ),
    ).flat(),
  );

const short: ExplainAnswersOptions = {
  k: 2,
  surrogateSteps: 500,
  steps: 250,
  hidden: 32,
  learningRate: 5e-3,
  parts: 2000,
};

/** The share of examples of which each group is chosen. */
function shares(chosen: Float32Array, groups: number): number[] {
  const sums = new Array<number>(groups).fill(0);
  chosen.forEach((x, i) => {
    sums[i % groups]! += x / (chosen.length / groups);
  });
  return sums;
}

describe("explainAnswers", () => {
  test("finds by the answers alone the two features that a model looks at, whose product alone says something", async () => {
    const { chosen, heldOut, faithfulness, told } = await explainAnswers(examples, answers, short);
    const found = shares(chosen, FEATURES);
    expect(found[1]! + found[4]!).toBeGreaterThan(1.9);
    expect(heldOut).toHaveLength(COUNT / 5);
    expect(told).toHaveLength(2 * COUNT);
    expect(faithfulness.teller).toBe("surrogate");
    expect(faithfulness.chosen.same).toBeGreaterThan(0.9);
    // By other pairs nothing can be told: half of the answers are right by chance, and some random pairs are the right one.
    expect(faithfulness.random.same).toBeLessThan(0.7);
  });

  test("asks the model itself about parts of examples, where it can be asked", async () => {
    const { chosen, faithfulness } = await explainAnswers(examples, answers, { ...short, ask });
    expect(shares(chosen, FEATURES).filter((share) => share > 0.9)).toHaveLength(2);
    expect(faithfulness.teller).toBe("model");
    expect(faithfulness.chosen.same).toBeGreaterThan(0.97);
    expect(faithfulness.random.same).toBeLessThan(0.7);
  });

  test("finds the token that decides, in whatever place it is", async () => {
    const [count, places, words] = [600, 6, 8];
    const tokens = Int32Array.from(numbers(count * places, 7), (u) => Math.floor(u * (words - 1)));
    const decides = numbers(count, 8).map((u) => u < 0.5);
    const place = numbers(count, 9).map((u) => Math.floor(u * places));
    decides.forEach((has, row) => {
      if (has) tokens[row * places + place[row]!] = words - 1;
    });
    const sequences: TokenExamples = { kind: "tokens", count, groups: places, words, values: tokens };
    const labels = { classes: 2, values: Float32Array.from(decides.flatMap((has) => (has ? [0, 1] : [1, 0]))) };
    const { chosen } = await explainAnswers(sequences, labels, { ...short, k: 1 });
    const right = decides.map((has, row) => !has || chosen[row * places + place[row]!] === 1);
    expect(right.filter(Boolean).length / count).toBeGreaterThan(0.97);
  });

  test("the same seed gives the same explanations, another one others", async () => {
    const scoresOf = async (seed: number) =>
      (await explainAnswers(examples, answers, { ...short, surrogateSteps: 3, steps: 3, seed })).scores;
    expect(await scoresOf(1)).toEqual(await scoresOf(1));
    expect(await scoresOf(1)).not.toEqual(await scoresOf(2));
  });

  test.each<[string, Partial<NumberExamples>, Partial<Answers>, Partial<ExplainAnswersOptions>]>([
    ["k must be a whole number from 1 to 5, got 6", {}, {}, { k: 6 }],
    ["testShare must be above 0 and below 1", {}, {}, { testShare: 1 }],
    ["steps must be a whole number of at least 1, got 0", {}, {}, { steps: 0 }],
    ["learningRate must be a positive number, got NaN", {}, {}, { learningRate: Number.NaN }],
    ["expected at least 10 examples, got 9", { count: 9 }, {}, {}],
    ["expected 600 x 6 values of examples, got 6", { values: new Float32Array(6) }, {}, {}],
    ["expected finite numbers, got NaN in example 0", { values: new Float32Array(3600).fill(Number.NaN) }, {}, {}],
    ["none of group 5", { groupOf: new Int32Array([0, 1, 2, 3, 4, 4]) }, {}, {}],
    ["expected answers of at least two classes, got 1", {}, { classes: 1 }, {}],
    ["expected answers that are 600 x 3 probabilities, got 1200", {}, { classes: 3 }, {}],
    ["which sum to 1, got [2, 2] of example 0", {}, { values: new Float32Array(1200).fill(2) }, {}],
  ])("refuses what does not fit: %s", async (message, wrongExamples, wrongAnswers, wrongOptions) => {
    const given = [
      { ...examples, ...wrongExamples },
      { ...answers, ...wrongAnswers },
      { ...short, ...wrongOptions },
    ] as const;
    await expect(explainAnswers(...given)).rejects.toThrow(message);
  });
});

test.each<[string, AskModel]>([
  ["answers of the model (ask) that are 2000 x 2 probabilities, got 3", async () => Float32Array.of(0.5, 0.5, 0.5)],
  [
    "answers of the model (ask) that are probabilities, which sum to 1, got [1, 1]",
    async (rows) => new Float32Array(2 * rows.length).fill(1),
  ],
  ["got [NaN, NaN] of example 0", async (rows) => new Float32Array(2 * rows.length).fill(Number.NaN)],
])("a model that answers wrongly is blamed: %s", async (message, ask) => {
  await expect(explainAnswers(examples, answers, { ...short, ask })).rejects.toThrow(message);
});

test("an option that there is not is refused", async () => {
  await expect(explainAnswers(examples, answers, { ...short, setps: 3 } as never)).rejects.toThrow(
    'unknown option "setps"',
  );
});

describe("judging", () => {
  test("the importance of groups that add up is what each adds, over all halves", async () => {
    const weights = [0.5, -0.25, 1];
    const halves = Array.from({ length: 8 }, (_, bits) => Float32Array.of(bits & 1, (bits >> 1) & 1, (bits >> 2) & 1));
    const importance = await occlusionOf({ classes: 2, values: Float32Array.of(0, 1) }, 3, halves, async (seen) => {
      const p = Math.exp(weights.reduce((sum, weight, i) => sum + weight * seen[i]!, -2));
      return Float32Array.of(1 - p, p);
    });
    expect(Array.from(importance)).toEqual(weights.map((weight) => expect.closeTo(weight, 5)));
  });

  test("fidelity is the share of equal answers, and the cross-entropy", () => {
    const answered = { classes: 2, values: Float32Array.of(1, 0, 0.25, 0.75) };
    const { same, crossEntropy } = fidelityOf(answered, Float32Array.of(0.5, 0.5, 0.8, 0.2));
    expect(same).toBe(0.5);
    expect(crossEntropy).toBeCloseTo((Math.log(2) - 0.25 * Math.log(0.8) - 0.75 * Math.log(0.2)) / 2, 5);
  });

  test("of equal scores the first are chosen", () => {
    expect(Array.from(largestOfRows(Float32Array.of(1, 3, 3, 0, 0, 0), 3, 1))).toEqual([0, 1, 0, 1, 0, 0]);
  });
});
