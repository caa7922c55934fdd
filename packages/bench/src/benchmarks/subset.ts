/** Relaxed subsets, forward and backward, and draws of 100 of a million, beside PyTorch's. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, threadsText, torchContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, n: number, k: number];

/** Calls a turn: some tenths of a second, since it takes hundreds of calls before all JavaScript is compiled. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [128, 9, 3], calls: 1000 },
  { shape: [100, 100, 9], calls: 500 },
  { shape: [1000, 1000, 10], calls: 6 },
];

const TEMPERATURES = [1, 0.5];
const THREADS = 2;

const matches = [
  ...shapes.flatMap(({ shape, calls }) => TEMPERATURES.map((temperature) => relaxation(shape, temperature, calls))),
  draws([1, 1_000_000, 100], 30),
];

/** Both of the library's relaxations, and the successive one as PyTorch's users write it. */
function relaxation(shape: Shape, temperature: number, calls: number): Match {
  const ours = (name: "successive" | "threshold", threads: number) =>
    nodeContestant(
      `subset.softMode, ${name}, ${threadsText(threads)}`,
      "subset",
      { task: name, threads, shape, temperature },
      calls,
    );
  const successive = ours("successive", THREADS);
  const threshold = ours("threshold", THREADS);
  const alone = ours("successive", 1);
  const torch = peer("successive", shape, calls, ["--temperature", `${temperature}`]);
  return {
    title: `Relaxed subsets and their gradient, ${shape[2]} of ${shape[1]}, batch ${shape[0]}, temperature ${temperature}`,
    unit: "ms a call",
    contestants: [successive, threshold, alone, torch],
    comparisons: [
      { name: "successive to PyTorch", of: successive.name, to: torch.name, target: { atMost: 1 } },
      { name: "successive on one thread to PyTorch", of: alone.name, to: torch.name },
      { name: "threshold to successive", of: threshold.name, to: successive.name },
    ],
  };
}

function draws(shape: Shape, calls: number): Match {
  const softdraw = nodeContestant(
    `subset.sampleOrdered, ${threadsText(THREADS)}`,
    "subset",
    { task: "sample", threads: THREADS, shape, temperature: 1 },
    calls,
  );
  const torch = peer("sample", shape, calls);
  return {
    title: `Draws without replacement, ${shape[2]} of ${shape[1].toLocaleString("en-US")}`,
    unit: "ms a call",
    contestants: [softdraw, torch],
    comparisons: [{ name: "Softdraw to PyTorch", of: softdraw.name, to: torch.name, target: { atMost: 1 } }],
  };
}

function peer(task: "successive" | "sample", [batch, n, k]: Shape, calls: number, more: string[] = []) {
  const sizes = Object.entries({ threads: THREADS, batch, n, k }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return torchContestant(`PyTorch, ${threadsText(THREADS)}`, "subset", ["--task", task, ...sizes, ...more], calls);
}

export const subset: Benchmark = {
  name: "subset",
  summary: "relaxed subsets with their gradient, and draws of 100 of a million, beside PyTorch's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
