/** Exact assignment beside SciPy's, which is compiled. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, torchContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

const cases = [
  { n: 100, products: false, calls: 100 },
  { n: 100, products: true, calls: 20 },
  { n: 1000, products: false, calls: 2 },
  { n: 1000, products: true, calls: 1 },
];

const matches = cases.map(({ n, products, calls }): Match => {
  const softdraw = nodeContestant("assignment.maximize", "assignment", { n, products }, calls);
  const scipy = torchContestant("SciPy", "assignment", ["--n", `${n}`, "--products", `${Number(products)}`], calls);
  return {
    title: `Exact assignment of ${n}, ${products ? "costs i * j" : "random"}`,
    unit: "ms a call",
    contestants: [softdraw, scipy],
    comparisons: [{ name: "Softdraw to SciPy", of: softdraw.name, to: scipy.name, target: { atMost: 2 } }],
  };
});

export const assignment: Benchmark = {
  name: "assignment",
  summary: "exact assignment beside SciPy's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
