/** Trees by the products of weights, beside the log-determinant of a Laplacian in PyTorch. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, n: number];
type Task = "gradient" | "partition" | "marginals" | "simple" | "sample" | "mode";

/** Calls a turn: a tenth of a second, about. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [1000, 10], calls: 10 },
  { shape: [100, 10], calls: 30 },
  { shape: [100, 30], calls: 3 },
  { shape: [10, 50], calls: 3 },
  { shape: [1, 50], calls: 10 },
  { shape: [1, 100], calls: 3 },
];

const TASKS: Record<Task, string> = {
  gradient: "The log-partition function with its gradient",
  partition: "The log-partition function",
  marginals: "Marginals",
  simple: "A draw with the marginals' gradient",
  sample: "An exact draw",
  mode: "The most probable tree",
};

/** What PyTorch has for it. */
const PEERS: Partial<Record<Task, string>> = {
  gradient: "PyTorch, slogdet",
  partition: "PyTorch, slogdet",
  sample: "Python, Wilson's algorithm",
};

const tasks = Object.keys(TASKS) as Task[];

const matches = tasks.flatMap((task) => shapes.map(({ shape, calls }) => match(task, shape, calls)));
const firsts = tasks.flatMap((task) => [shapes[0]!, ...shapes.slice(-2)].map(({ shape }) => first(task, shape)));

function match(task: Task, shape: Shape, calls: number): Match {
  const [batch, n] = shape;
  const ours = (["spanningTree", "arborescence"] as const).map((structure) =>
    nodeContestant(`${structure}, ${task}`, "trees", { structure, task, threads: 1, shape }, calls),
  );
  const peer = PEERS[task];
  const sizes = Object.entries({ threads: 1, batch, n }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const theirs =
    peer === undefined ? [] : [torchContestant(`${peer}, ${task}`, "trees", ["--task", task, ...sizes], calls)];
  return {
    title: `${TASKS[task]}, n = ${n}, batch ${batch}`,
    unit: "ms a call",
    contestants: [...ours, ...theirs],
    comparisons: theirs.map(({ name }) => ({ name: `spanningTree to ${name}`, of: ours[0]!.name, to: name })),
  };
}

function first(task: Task, shape: Shape): Match {
  const [batch, n] = shape;
  const options = { structure: "spanningTree", task, isFirst: true, threads: 1, shape };
  return {
    title: `${TASKS[task]}, first call, n = ${n}, batch ${batch}`,
    unit: "ms",
    contestants: [nodeContestant(`spanningTree, ${task}, first call`, "trees", options, 1)],
    comparisons: [],
  };
}

const all = [...matches, ...firsts];

export const trees: Benchmark = {
  name: "trees",
  summary: "trees by products of weights: sums, their gradients, marginals, draws, beside determinants in PyTorch",
  contestants: all.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(all, settings),
};
