import { numpy as np, random, tree } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { type ExplainOptions, explain, patchMembers } from "../src/explain/explain.ts";

const FEATURES = 6;
type Parameters = { weight: np.Array };

/** A classifier of two classes that looks at the features of these two numbers and at nothing else. */
const model = (a: number, b: number) => ({
  parameters: { weight: np.array(Array.from({ length: FEATURES }, (_, i) => [0, i === a || i === b ? 6 : 0])) },
  classify: ({ weight }: Parameters, x: np.Array) => np.matmul(x, weight),
});
const examples = (count = 500) => random.normal(random.key(1), [count, FEATURES]);
const options = { steps: 150, hidden: 16, learningRate: 5e-3 };

describe("explain", () => {
  test("finds the features that a classifier looks at, from which it says nearly always the same", async () => {
    const subject = model(1, 4);
    const steps: number[] = [];
    const explanation = await explain(subject, examples(), {
      ...options,
      k: 2,
      onStep: (step) => void steps.push(step),
    });
    const share = np.mean(explanation.choose(examples()), 0).js() as number[];
    expect(share[1]! + share[4]!).toBeGreaterThan(1.9);
    expect(await explanation.fidelity(examples())).toBeGreaterThan(0.95);
    expect(steps).toEqual(Array.from({ length: options.steps }, (_, i) => i + 1));
    expect(subject.parameters.weight.refCount).toBe(2);
    explanation.dispose();
    expect(subject.parameters.weight.refCount).toBe(1);
    tree.dispose(subject.parameters);
  }, 60_000);

  test("chooses groups of features together", async () => {
    const members = patchMembers({ height: 2, width: 3, size: 1 });
    members.dispose();
    const halves = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]); // biome-ignore format: one line
    const explanation = await explain(model(3, 5), examples(), { ...options, steps: 60, k: 1, members: halves });
    const chosen = explanation.choose(examples(50)).js() as number[][];
    expect(chosen.filter(([, second]) => second === 1).length).toBeGreaterThan(45);
    explanation.dispose();
  }, 60_000);

  test("the same seed gives the same explanation, another seed others", async () => {
    const chosen = async (seed: number) => {
      const explanation = await explain(model(0, 1), examples(40), { ...options, steps: 3, k: 3, seed });
      const { choose, dispose } = explanation;
      const values = choose(examples(40)).js();
      dispose();
      return values;
    };
    expect(await chosen(1)).toEqual(await chosen(1));
    expect(await chosen(1)).not.toEqual(await chosen(2));
  });

  test.each([
    ["examples must have shape", np.zeros([4]), { k: 1 }],
    ["k must be a whole number from 1 to 6, got 7", np.zeros([4, 6]), { k: 7 }],
    ["k must be a whole number from 1 to 2, got 3", np.zeros([4, 6]), { k: 3, members: np.zeros([2, 6]) }],
    ["members must have shape [groups, 6], got [2,5]", np.zeros([4, 6]), { k: 1, members: np.zeros([2, 5]) }],
    ["background must have shape [6], got [5]", np.zeros([4, 6]), { k: 1, background: np.zeros([5]) }],
    ['unknown option "tau". There are k, members, background, sampler,', np.zeros([4, 6]), { k: 1, tau: 3 }],
    [
      "sampler: Expected one of concrete-max, successive, threshold, got nope",
      np.zeros([4, 6]),
      { k: 1, sampler: "nope" },
    ],
    ["temperature: Expected a number above 0, got 0", np.zeros([4, 6]), { k: 1, temperature: 0 }],
    ["batch: Expected a number of at least 1, got -1", np.zeros([4, 6]), { k: 1, batch: -1 }],
  ])("refuses what does not fit: %s", async (message, given, values) => {
    await expect(explain(model(0, 1), given, values as ExplainOptions)).rejects.toThrow(message);
  });
});

test("patches divide an image, row by row", () => {
  const members = patchMembers({ height: 4, width: 6, size: 2 }).js() as number[][];
  expect(members).toHaveLength(6);
  expect(members[0]).toEqual([1, 1, 0, 0, 0, 0, 1, 1, ...new Array(16).fill(0)]);
  for (let pixel = 0; pixel < 24; pixel++) expect(members.map((row) => row[pixel]).filter(Boolean)).toEqual([1]);
});
