/** Products of matrices, as the experiments have them, and noise: the engine's kernels and those of @softdraw/threads. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

/** A matrix of rows and steps by one of steps and columns; how the factors lie. */
export interface ProductOfKernels {
  readonly rows: number;
  readonly steps: number;
  readonly columns: number;
  readonly layout: "as written" | "left by columns" | "right by columns";
}

const products: readonly ProductOfKernels[] = [
  { rows: 100, steps: 784, columns: 512, layout: "right by columns" },
  { rows: 100, steps: 784, columns: 512, layout: "as written" },
  { rows: 512, steps: 100, columns: 784, layout: "left by columns" },
  { rows: 50, steps: 12_800, columns: 100, layout: "left by columns" },
  { rows: 12_544, steps: 28, columns: 32, layout: "right by columns" },
  { rows: 300, steps: 200, columns: 150, layout: "as written" },
];

const CALLS = 20;

function contestantsOf(work: ProductOfKernels | "noise") {
  const fused = work === "noise" ? [false] : [false, true];
  return fused.flatMap((isFused) =>
    [true, false].map((isOurs) => {
      const name = `${isOurs ? "@softdraw/threads" : "the engine"}${isFused ? ", fused" : ""}`;
      return nodeContestant(name, "kernels", { isOurs, isFused, work }, CALLS);
    }),
  );
}

function match(title: string, work: ProductOfKernels | "noise"): Match {
  const contestants = contestantsOf(work);
  const [ours, engine, oursFused, engineFused] = contestants;
  const comparisons = [{ name: "ours to the engine's", of: ours!.name, to: engine!.name, target: { atMost: 1 } }];
  if (oursFused !== undefined) {
    comparisons.push({ name: "the same, fused", of: oursFused.name, to: engineFused!.name, target: { atMost: 1 } });
  }
  return { title, unit: "ms a call", contestants, comparisons };
}

const matches = [
  ...products.map((product) => {
    const { rows, steps, columns, layout } = product;
    return match(`A product of ${rows} x ${steps} x ${columns}, ${layout}`, product);
  }),
  match("A million Gumbel draws", "noise"),
];

export const kernels: Benchmark = {
  name: "kernels",
  summary: "products of matrices and noise by kernels of @softdraw/threads, beside the engine's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
