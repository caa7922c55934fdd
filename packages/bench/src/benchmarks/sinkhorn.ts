/** Gumbel-Sinkhorn of 20 iterations, forward and backward, beside PyTorch's and TensorFlow.js'; and its first call. */

import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { type Contestant, nodeContestant, startContestant, torchContestant } from "../contestant.ts";
import type { SinkhornTask } from "../contestants/sinkhorn.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, n: number];

/** Calls a turn, of TensorFlow.js a tenth. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [64, 4], calls: 200 },
  { shape: [64, 16], calls: 100 },
  { shape: [16, 64], calls: 40 },
  { shape: [10, 100], calls: 20 },
  { shape: [1, 256], calls: 40 },
];

const matches = shapes.flatMap(({ shape, calls }) => [1, 0.1].map((temperature) => match(shape, temperature, calls)));

function match([batch, n]: Shape, temperature: number, calls: number): Match {
  const task = { batch, n, iterations: 20, temperature, threads: 1 };
  const ours = (name: string, options: Partial<SinkhornTask>) =>
    nodeContestant(
      `permutation.relax, ${name}`,
      "sinkhorn",
      { ...task, form: "auto", gradient: "unrolled", ...options },
      calls,
    );
  const torch = (threads: number) => {
    const sizes = Object.entries({ ...task, threads }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    return torchContestant(`PyTorch, ${threads} thread${threads === 1 ? "" : "s"}`, "sinkhorn", sizes, calls);
  };
  const unrolled = ours("unrolled", {});
  const implicit = ours("implicit", { gradient: "implicit" });
  const scaling = ours("scaling", { form: "scaling" });
  const tensorflow = nodeContestant("TensorFlow.js, wasm", "sinkhorn-tensorflow", task, Math.ceil(calls / 10));
  const [one, two] = [torch(1), torch(2)];
  const small = n < 16 ? 1.5 : 1;
  return {
    title: `Gumbel-Sinkhorn and its gradient, ${batch} x ${n} x ${n}, temperature ${temperature}, 20 iterations`,
    unit: "ms a call",
    contestants: [unrolled, implicit, scaling, one, two, tensorflow],
    comparisons: [
      { name: "unrolled to PyTorch, 1 thread", of: unrolled.name, to: one.name, target: { atMost: small } },
      {
        name: "unrolled to PyTorch, 2 threads",
        of: unrolled.name,
        to: two.name,
        ...(temperature < 1 && { target: { atMost: small } }),
      },
      { name: "implicit to PyTorch, 1 thread", of: implicit.name, to: one.name },
      { name: "implicit to PyTorch, 2 threads", of: implicit.name, to: two.name, target: { atMost: small } },
      { name: "TensorFlow.js to unrolled", of: tensorflow.name, to: unrolled.name, target: { atLeast: 5 } },
    ],
  };
}

/** Every round starts the program anew. */
async function firstCalls({ rounds, onProgress }: Settings): Promise<Findings> {
  const samples = new Map<Contestant, number[]>(firstCallers.map((contestant) => [contestant, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [contestant, times] of samples) {
      onProgress(`first call, round ${round}/${rounds}: ${contestant.name}`);
      const running = startContestant(contestant);
      times.push((await running.ask(1).finally(running.stop)).ms);
    }
  }
  const measurements = [...samples].map(([{ name }, times]) => ({ name, samples: times }));
  return {
    title: "The first call of Gumbel-Sinkhorn with its gradient: trace, compile and run, 10 x 100 x 100",
    unit: "ms",
    measurements,
    comparisons: measurements.map(({ name, samples }) => ({
      name: `${name}, in seconds`,
      ratios: samples.map((ms) => ms / 1000),
      target: { atMost: 1 },
    })),
    notes: [],
  };
}

const firstCallers = matches
  .filter(({ title }) => title.includes("10 x 100 x 100, temperature 1,"))
  .flatMap(({ contestants }) => contestants.filter(({ name }) => /, (unrolled|implicit)$/.test(name)));

export const sinkhorn: Benchmark = {
  name: "sinkhorn",
  summary: "Gumbel-Sinkhorn with its gradient beside PyTorch's and TensorFlow.js'",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: async (settings) => [...(await measureAll(matches, settings)), await firstCalls(settings)],
};
