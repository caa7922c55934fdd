/** What finite noise costs over the engine's own. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant } from "../contestant.ts";
import { type Match, measureAll } from "../pairs.ts";

/** Draws a call, and calls a turn. */
const sizes = [
  { draws: 10_000, calls: 500 },
  { draws: 1_000_000, calls: 10 },
  { draws: 10_000_000, calls: 1 },
];

const matches = sizes.map(({ draws, calls }): Match => {
  const softdraw = nodeContestant("noise.gumbel", "gumbel", { source: "softdraw", draws }, calls);
  const engine = nodeContestant("the engine's random.gumbel", "gumbel", { source: "engine", draws }, calls);
  return {
    title: `Gumbel noise, ${draws.toLocaleString("en-US")} draws`,
    unit: "ms a call",
    contestants: [softdraw, engine],
    comparisons: [{ name: "Softdraw to the engine", of: softdraw.name, to: engine.name, target: { atMost: 1.2 } }],
  };
});

export const gumbel: Benchmark = {
  name: "gumbel",
  summary: "noise.gumbel beside the engine's random.gumbel",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
