/** The engine's thread of the page holds no more memory however long the page is used. */

import { watchArrays } from "@softdraw/testing/live-arrays";
import { expect, test } from "vitest";
import * as tasks from "../src/engine/tasks.ts";

const matrix = [
  [1, 0, 0],
  [0, 2, 1],
  [0, 1, 1],
];
const loss = { logits: [1, 0, -0.5], values: [1, 2, 4], target: 2, temperatures: [0.5, 1] };
const graph = { vertices: 4, logits: [2, 0, 1, 0, 0, -1] };
const subsets = { weights: [1, 2, 3, 4], k: 2, draws: 8, temperature: 0.7 };

const rounds: Readonly<Record<keyof typeof tasks, (seed: number) => Promise<unknown>>> = {
  learnedLogits: () => tasks.learnedLogits({ sizes: [1, 2, 4], wish: 2, temperature: 1, steps: 3 }),
  relaxedCloud: (seed) => tasks.relaxedCloud({ logits: [1, 0, -0.5], temperature: 0.7, draws: 8, seed }),
  judgeGradients: () => tasks.judgeGradients(loss),
  compareEstimators: (seed) => tasks.compareEstimators({ ...loss, temperature: 0.7, samples: 3, draws: 8, seed }),
  subsetDraws: (seed) => tasks.subsetDraws({ ...subsets, seed }),
  bestMatching: (seed) => tasks.bestMatching({ logits: matrix, seed: seed % 2 === 0 ? null : seed }),
  iterationsNeeded: () => tasks.iterationsNeeded({ logits: matrix, temperature: 0.7 }),
  randomLogits: (seed) => tasks.randomLogits({ n: 3, seed }),
  beginningOfMotion: (seed) => tasks.beginningOfMotion({ particles: 5, seed }),
  treeLaw: () => tasks.treeLaw(graph),
  drawnTrees: (seed) => tasks.drawnTrees({ ...graph, draws: 4, seed }),
  perturbedTrees: (seed) => tasks.perturbedTrees({ ...graph, temperature: 0.7, seed }),
  threeLaws: (seed) => tasks.threeLaws({ logits: matrix, draws: 4, seed }),
};

test.each(Object.entries(rounds))("%s gives back what it takes", async (_, ask) => {
  const { count } = watchArrays();
  // What is compiled keeps constants, and seeds of either kind compile.
  for (const seed of [1, 2]) await ask(seed);
  const before = count();
  for (const seed of [3, 4]) await ask(seed);
  expect(count() - before).toBe(0);
});
