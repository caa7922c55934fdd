import { numpy as np, random } from "@jax-js/jax";
import { permutation, ranking } from "softdraw";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { exactOrder, orderOptions, relaxations, relaxedOrder } from "../src/orders.ts";
import { neuralSorted, softSorted } from "./ranking-support.ts";

const schema = z.strictObject(orderOptions({ relaxation: "softsort", noise: false }));
const options = (values: object = {}) => schema.parse(values);

const SCORES = [0.3, -1.2, 2, 0.4];
const numbers = async (order: np.Array): Promise<number[][]> => order.jsAsync();

describe("a relaxed order", () => {
  test.each([
    ["softsort", softSorted],
    ["neuralsort", neuralSorted],
  ] as const)("by %s is that of the formula, things by places, the smallest first", async (relaxation, formula) => {
    const relaxed = await numbers(relaxedOrder(options({ relaxation }), np.array(SCORES), 0.7));
    formula(SCORES, 0.7).forEach((row, i) => {
      row.forEach((share, place) => {
        expect(relaxed[i]![place]).toBeCloseTo(share, 5);
      });
    });
  });

  test.each([
    ["network", { network: "odd-even", sigmoid: "cauchy" }],
    ["sinkhorn", { iterations: 7 }],
  ])("by %s takes its options", async (relaxation, own) => {
    const relaxed = await numbers(relaxedOrder(options({ relaxation, ...own }), np.array(SCORES), 0.7));
    const expected = ranking.softMode(np.array(SCORES.map((x) => -x)), {
      relaxation,
      temperature: 0.7,
      ...own,
    } as never);
    expect(relaxed).toEqual(await numbers(np.transpose(expected)));
  });

  test("of scores of places is their plan, drawn with the key's noise if there is one", async () => {
    const scores = random.normal(random.key(1), [3, 3]);
    const config = options({ relaxation: "gumbel-sinkhorn", iterations: 4 });
    const plan = { temperature: 0.5, iterations: 4 };
    expect(await numbers(relaxedOrder(config, scores.ref, 0.5))).toEqual(
      await numbers(permutation.softMode(scores.ref, plan)),
    );
    expect(await numbers(relaxedOrder(config, scores.ref, 0.5, random.key(2)))).toEqual(
      await numbers(permutation.relax(random.key(2), scores, plan)),
    );
  });

  test.each(relaxations)(
    "by %s tends to the exact one as the temperature falls, and draws other orders",
    async (name) => {
      const config = { ...options({ relaxation: name }), iterations: 500 };
      const scores = name === "gumbel-sinkhorn" ? random.normal(random.key(3), [4, 4]) : np.array(SCORES);
      const exact = await numbers(await exactOrder(config, scores.ref));
      const cold = await numbers(relaxedOrder(config, scores.ref, 0.01));
      cold.forEach((row, i) => {
        row.forEach((share, place) => {
          expect(share).toBeCloseTo(exact[i]![place]!, 2);
        });
      });
      const drawn = await numbers(relaxedOrder(config, scores.ref, 1, random.key(4)));
      expect(drawn).not.toEqual(await numbers(relaxedOrder(config, scores, 1)));
    },
  );
});

test("the exact order of single scores puts the smallest first", async () => {
  expect(await numbers(await exactOrder({ relaxation: "softsort" }, np.array(SCORES)))).toEqual([
    [0, 1, 0, 0],
    [1, 0, 0, 0],
    [0, 0, 0, 1],
    [0, 0, 1, 0],
  ]);
});
