/** The Gibbs law of permutations, and relaxed permutations that are hard: what grows as n 2^n. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant } from "../contestant.ts";
import type { GibbsTask } from "../contestants/gibbs.ts";
import { type Match, measureAll } from "../pairs.ts";

const shapes = [
  { batch: 64, n: 4, calls: 100 },
  { batch: 64, n: 8, calls: 20 },
  { batch: 64, n: 10, calls: 4 },
  { batch: 1, n: 12, calls: 20 },
];

/** The largest n of which the engine finds the maximum. */
const LARGEST_HARD = 10;

const matches = shapes.map(({ batch, n, calls }): Match => {
  const of = (verb: GibbsTask["verb"]) => nodeContestant(verb, "gibbs", { verb, batch, n }, calls);
  const [relax, hard] = [of("relax"), of("relax hard")];
  const all = [of("logPartition"), of("marginals"), of("marginals' gradient"), of("sample"), relax];
  return {
    title: `permutation.gibbs, and permutation.relax, ${batch} x ${n} x ${n}`,
    unit: "ms a call",
    contestants: n > LARGEST_HARD ? all : [...all, hard],
    comparisons: n > LARGEST_HARD ? [] : [{ name: "hard to soft", of: hard.name, to: relax.name }],
  };
});

export const gibbs: Benchmark = {
  name: "gibbs",
  summary: "the Gibbs law of permutations, and relaxed permutations that are hard",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
