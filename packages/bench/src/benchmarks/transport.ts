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
      { ...task, threads: 1, sums: "arrays", gradient: "none", ...options },
      calls,
    );
  const peer = (form: "scaling" | "log") => {
    const sizes = Object.entries({ ...task, form }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    return numpyContestant(`NumPy, ${form}, float64`, "transport", sizes, calls);
  };
  const [arrays, lists] = [ours("sums in arrays", {}), ours("sums in lists", { sums: "lists" })];
  const slope = ours("sums in lists, with its gradient", { sums: "lists", gradient: "implicit" });
  const [scaling, log] = [peer("scaling"), peer("log")];
  return {
    title: `Transport of ${m} x ${n}, ${ITERATIONS} iterations, ${penalty > 0 ? `penalties of ${penalty}` : "balanced"}`,
    unit: "ms a call",
    contestants: [arrays, lists, slope, scaling, log],
    comparisons: [
      { name: "lists to NumPy's scaling", of: lists.name, to: scaling.name },
      { name: "lists to NumPy's log-sum-exps", of: lists.name, to: log.name },
      { name: "arrays to lists", of: arrays.name, to: lists.name },
    ],
  };
}

export const transport: Benchmark = {
  name: "transport",
  summary: "transport of rectangles, balanced and with penalties, beside NumPy's",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
