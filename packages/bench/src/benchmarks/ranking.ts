/** Relaxed orders and soft ranks, forward and backward, and exact orders; some beside PyTorch's. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import type { RankingTask } from "../contestants/ranking.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, n: number];

/** Calls a turn. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [100, 10], calls: 200 },
  { shape: [10, 100], calls: 50 },
  { shape: [1, 1000], calls: 3 },
];

const orders = {
  neuralsort: { relaxation: "neuralsort" },
  softsort: { relaxation: "softsort" },
  bitonic: { relaxation: "network" },
  sinkhorn: { relaxation: "sinkhorn" },
};

const matches = shapes.flatMap(({ shape, calls }) => [relaxed(shape, calls), values(shape, calls), law(shape, calls)]);

function ours(name: string, task: RankingTask["task"], shape: Shape, options: object, calls: number) {
  return nodeContestant(name, "ranking", { task, threads: 1, shape, options }, calls);
}

function relaxed(shape: Shape, calls: number): Match {
  const [batch, n] = shape;
  const softdraw = Object.entries(orders).map(([name, options]) =>
    ours(`ranking.softMode, ${name}`, "softMode", shape, options, calls),
  );
  const torch = ["neuralsort", "softsort", "bitonic"].map((task) =>
    torchContestant(`PyTorch, ${task}`, "ranking", ["--task", task, "--batch", `${batch}`, "--n", `${n}`], calls),
  );
  return {
    title: `Relaxed orders and their gradient, ${batch} x ${n}, 1 thread`,
    unit: "ms a call",
    contestants: [...softdraw, ...torch],
    comparisons: torch.map(({ name }, i) => ({ name: `Softdraw to ${name}`, of: softdraw[i]!.name, to: name })),
  };
}

function values(shape: Shape, calls: number): Match {
  const projection = { relaxation: "projection" };
  const contestants = [
    ours("ranking.softSort, softsort", "softSort", shape, orders.softsort, calls),
    ours("ranking.softSort, bitonic", "softSort", shape, orders.bitonic, calls),
    ours("ranking.softSort, projection", "softSort", shape, projection, calls),
    ours("ranking.softRank, projection", "softRank", shape, projection, calls),
  ];
  return {
    title: `Soft sorts and ranks and their gradient, ${shape[0]} x ${shape[1]}, 1 thread`,
    unit: "ms a call",
    contestants,
    comparisons: [],
  };
}

function law(shape: Shape, calls: number): Match {
  return {
    title: `Exact orders, and perturbed logits given one with their gradient, ${shape[0]} x ${shape[1]}, 1 thread`,
    unit: "ms a call",
    contestants: [
      ours("ranking.sample", "sample", shape, {}, calls),
      ours("ranking.perturbGiven", "perturbGiven", shape, {}, calls),
    ],
    comparisons: [],
  };
}

export const ranking: Benchmark = {
  name: "ranking",
  summary: "relaxed orders and soft ranks with their gradient, some beside PyTorch's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
