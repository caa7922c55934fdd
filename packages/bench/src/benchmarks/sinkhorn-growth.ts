/** How time and memory of Gumbel-Sinkhorn and its gradient grow with n and with the iterations. */

import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { type Answer, type Contestant, nodeContestant } from "../contestant.ts";
import { isAskedFor, takeTurns } from "../pairs.ts";
import { growthExponent, summarize } from "../statistics.ts";

const GRADIENTS = ["unrolled", "implicit"] as const;
const CALLS = 5;

interface Series {
  readonly title: string;
  readonly sizes: readonly number[];
  readonly contestants: readonly Contestant[];
}

const series: Series[] = GRADIENTS.flatMap((gradient) => [
  {
    title: `${gradient}, with n (20 iterations, batch 4)`,
    sizes: [64, 128, 256, 512],
    contestants: [64, 128, 256, 512].map((n) => contestant(`n = ${n}`, { n, iterations: 20, gradient })),
  },
  {
    title: `${gradient}, with the iterations (n = 128, batch 4)`,
    sizes: [10, 20, 40, 80],
    contestants: [10, 20, 40, 80].map((iterations) =>
      contestant(`${iterations} iterations`, { n: 128, iterations, gradient }),
    ),
  },
]);

function contestant(name: string, task: object): Contestant {
  return nodeContestant(name, "sinkhorn", { threads: 1, batch: 4, temperature: 1, form: "auto", ...task }, CALLS);
}

async function grow({ title, sizes, contestants }: Series, settings: Settings): Promise<Findings[]> {
  const answers = await takeTurns(contestants, settings);
  const findings = (what: string, unit: string, sampleOf: (answer: Answer) => number): Findings => {
    const measurements = contestants.map(({ name }, i) => ({ name, samples: answers[i]!.map(sampleOf) }));
    const medians = measurements.map(({ samples }) => summarize(samples).median);
    return {
      title: `${what} of Gumbel-Sinkhorn and its gradient, ${title}`,
      unit,
      measurements,
      comparisons: [],
      notes: [`Fitted exponent: ${growthExponent(sizes, medians).toFixed(2)}.`],
    };
  };
  return [
    findings("Time", "ms a call", ({ ms }) => ms),
    findings("The engine's memory", "MB", ({ memory }) => memory!.at(-1)!.wasm),
  ];
}

async function run(settings: Settings): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const each of series.filter(({ title }) => isAskedFor(title, settings)))
    findings.push(...(await grow(each, settings)));
  return findings;
}

export const sinkhornGrowth: Benchmark = {
  name: "sinkhorn-growth",
  summary: "time and memory of Gumbel-Sinkhorn by n and by iterations",
  contestants: series.flatMap(({ contestants }) => contestants),
  run,
};
