/** Transport of rectangles, beside the same iterations in NumPy, as Python's OT library has them. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, numpyContestant, threadsText } from "../contestant.ts";
import type { TransportTask } from "../contestants/transport.ts";
import { type Match, measureAll } from "../pairs.ts";

const shapes = [
  { m: 10, n: 12, calls: 100 },
  { m: 100, n: 120, calls: 20 },
  { m: 1000, n: 1200, calls: 1 },
];

const ITERATIONS = 100;
const TEMPERATURE = 0.1;

const matches = shapes.flatMap(({ m, n, calls }) => [0, 1].map((penalty) => match(m, n, penalty, calls)));

function match(m: number, n: number, penalty: number, calls: number): Match {
  const task = { m, n, penalty, iterations: ITERATIONS, temperature: TEMPERATURE };
  const ours = (name: string, options: Partial<TransportTask>) =>
    nodeContestant(
      `transport.sinkhorn, ${name}, ${threadsText(1)}`,
      "transport",
      { ...task, threads: 1, given: true, gradient: "none", ...options },
      calls,
    );
  const peer = (form: "scaling" | "log") => {
    const sizes = Object.entries({ ...task, form }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    return numpyContestant(`NumPy, ${form}, float64`, "transport", sizes, calls);
  };
  const [given, known] = [ours("given sums", {}), ours("sums that are known", { given: false })];
  const slope = ours("given sums, with its gradient", { gradient: "implicit" });
  const [scaling, log] = [peer("scaling"), peer("log")];
  return {
    title: `Transport of ${m} x ${n}, ${ITERATIONS} iterations, ${penalty > 0 ? `penalties of ${penalty}` : "balanced"}`,
    unit: "ms a call",
    contestants: [given, known, slope, scaling, log],
    comparisons: [
      { name: "given sums to NumPy's scaling", of: given.name, to: scaling.name },
      { name: "given sums to NumPy's log-sum-exps", of: given.name, to: log.name },
      { name: "sums that are known to NumPy's scaling", of: known.name, to: scaling.name },
    ],
  };
}

export const transport: Benchmark = {
  name: "transport",
  summary: "transport of rectangles, balanced and with penalties, beside NumPy's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
