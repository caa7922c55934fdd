/** Exactly k of n by the products of weights, beside the recursion over entries in PyTorch. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, threadsText, torchContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, n: number, k: number];
type Task = "simple" | "marginals" | "sample";

/** Calls a turn: a tenth of a second, about. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [100, 10, 1], calls: 100 },
  { shape: [100, 10, 5], calls: 100 },
  { shape: [100, 100, 1], calls: 30 },
  { shape: [100, 100, 10], calls: 20 },
  { shape: [100, 100, 50], calls: 10 },
  { shape: [100, 1000, 1], calls: 3 },
  { shape: [100, 1000, 10], calls: 2 },
  { shape: [100, 1000, 500], calls: 1 },
  { shape: [1, 1000, 500], calls: 10 },
];

const TASKS: Record<Task, string> = {
  simple: "A draw with the marginals' gradient",
  marginals: "Marginals",
  sample: "An exact draw",
};
const THREADS = [1, 2];

const matches = (Object.keys(TASKS) as Task[]).flatMap((task) =>
  shapes.map(({ shape, calls }) => match(task, shape, calls)),
);
const firsts = shapes.map(({ shape }) => first(shape));

function match(task: Task, shape: Shape, calls: number): Match {
  const [batch, n, k] = shape;
  const pairs = THREADS.map((threads) => {
    const count = `${task}, ${threadsText(threads)}`;
    const sizes = Object.entries({ threads, batch, n, k }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    return {
      name: `Softdraw to PyTorch, ${threadsText(threads)}`,
      softdraw: nodeContestant(
        `conditionalBernoulli, ${count}`,
        "conditional-bernoulli",
        { task, threads, shape },
        calls,
      ),
      torch: torchContestant(`PyTorch, ${count}`, "conditional_bernoulli", ["--task", task, ...sizes], calls),
    };
  });
  return {
    title: `${TASKS[task]}, ${k} of ${n}, batch ${batch}`,
    unit: "ms a call",
    contestants: pairs.flatMap(({ softdraw, torch }) => [softdraw, torch]),
    comparisons: pairs.map(({ name, softdraw, torch }) => ({ name, of: softdraw.name, to: torch.name })),
  };
}

function first(shape: Shape): Match {
  const [batch, n, k] = shape;
  const contestant = nodeContestant(
    "conditionalBernoulli, first call",
    "conditional-bernoulli",
    { task: "first", threads: 1, shape },
    1,
  );
  return {
    title: `The first call of a draw with the marginals' gradient, ${k} of ${n}, batch ${batch}`,
    unit: "ms",
    contestants: [contestant],
    comparisons: [],
  };
}

const all = [...matches, ...firsts];

export const conditionalBernoulli: Benchmark = {
  name: "conditional-bernoulli",
  summary: "exactly k of n: draws, marginals and their gradient, beside the recursion over entries in PyTorch",
  contestants: all.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(all, settings),
};
