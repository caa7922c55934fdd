/** The relaxations alone, forward and backward, beside PyTorch's. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, threadsText, torchContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, variables: number, classes: number];

/** A layer of a small model and a choice among many; calls a turn. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [100, 30, 10], calls: 300 },
  { shape: [1000, 1, 1000], calls: 5 },
];

const THREADS = [1, 2];

const matches = shapes.flatMap(({ shape, calls }) => [false, true].map((hard) => gumbelSoftmax(shape, hard, calls)));

function gumbelSoftmax(shape: Shape, hard: boolean, calls: number): Match {
  const [batch, variables, classes] = shape;
  const args = Object.entries({ batch, variables, classes, hard: Number(hard) }).flatMap(([k, v]) => [
    `--${k}`,
    `${v}`,
  ]);
  const pairs = THREADS.map((threads) => {
    const count = `${hard ? "hard, " : ""}${threadsText(threads)}`;
    return {
      name: `Softdraw to PyTorch, ${count}`,
      softdraw: nodeContestant(`categorical.relax, ${count}`, "operators", { threads, shape, hard }, calls),
      torch: torchContestant(`PyTorch, ${count}`, "operators", ["--threads", `${threads}`, ...args], calls),
    };
  });
  return {
    title: `Gumbel-softmax and its gradient, ${shape.join(" x ")}${hard ? ", hard" : ""}`,
    unit: "ms a call",
    contestants: pairs.flatMap(({ softdraw, torch }) => [softdraw, torch]),
    comparisons: pairs.map(({ name, softdraw, torch }) => ({ name, of: softdraw.name, to: torch.name })),
  };
}

export const operators: Benchmark = {
  name: "operators",
  summary: "Gumbel-softmax with its gradient beside PyTorch's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
