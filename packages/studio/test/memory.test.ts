/** The engine's thread of the page holds no more memory however long the page is used. */

import { watchEngineMemory } from "@softdraw/testing/engine-memory";
import { expect, test } from "vitest";

const { block, growthToTheNumber } = await watchEngineMemory();
const tasks = await import("../src/engine/tasks.ts");

const matrix = [
  [1, 0, 0],
  [0, 2, 1],
  [0, 1, 1],
];
const loss = { logits: [1, 0, -0.5], values: [1, 2, 4], target: 2, temperatures: [0.5, 1] };
const subsets = { weights: [1, 2, 3, 4], k: 2, draws: 8, temperature: 0.7 };

const rounds: Readonly<Record<Exclude<keyof typeof tasks, "estimateOf">, (seed: number) => Promise<unknown>>> = {
  relaxedCloud: (seed) => tasks.relaxedCloud({ logits: [1, 0, -0.5], temperature: 0.7, draws: 8, seed }),
  judgeGradients: (seed) => tasks.judgeGradients({ ...loss, draws: 8, seed }),
  compareSubsets: (seed) => tasks.compareSubsets({ ...subsets, seed }),
  subsetRows: (seed) => tasks.subsetRows({ ...subsets, seed }),
  bestMatching: (seed) => tasks.bestMatching({ logits: matrix, seed: seed % 2 === 0 ? null : seed }),
  iterationsNeeded: () => tasks.iterationsNeeded({ logits: matrix, temperature: 0.7 }),
  randomLogits: (seed) => tasks.randomLogits({ n: 3, seed }),
  threeLaws: (seed) => tasks.threeLaws({ logits: matrix, draws: 4, seed }),
};

const WARM_UP = 4;
/** Three quarters of them are room for what a question holds while it is worked on. */
const TIMES = 480;

test.each(Object.entries(rounds))("%s gives back what it takes", async (_, ask) => {
  const askOften = async (times: number) => {
    for (let seed = 1; seed <= times; seed++) await ask(seed);
  };
  await askOften(WARM_UP);
  expect(await growthToTheNumber(TIMES, () => askOften(TIMES))).toBe(0);
});

test("a leak of one number a question would show", async () => {
  const leak = async () => {
    for (let i = 0; i < TIMES; i++) block();
  };
  expect(await growthToTheNumber(TIMES, leak)).toBeGreaterThan(0);
});
