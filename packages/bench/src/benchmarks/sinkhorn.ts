/** Gumbel-Sinkhorn of 20 iterations, forward and backward, beside PyTorch's and TensorFlow.js'; and its first call. */

import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { type Contestant, nodeContestant, startContestant, threadsText, torchContestant } from "../contestant.ts";
import type { SinkhornTask } from "../contestants/sinkhorn.ts";
import { isAskedFor, type Match, measureAll } from "../pairs.ts";

type Shape = readonly [batch: number, n: number];

/** Calls a turn, of TensorFlow.js a tenth. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [64, 4], calls: 300 },
  { shape: [64, 16], calls: 150 },
  { shape: [16, 64], calls: 60 },
  { shape: [10, 100], calls: 40 },
  { shape: [1, 256], calls: 60 },
];

const matches = shapes.flatMap(({ shape, calls }) => [1, 0.1].map((temperature) => match(shape, temperature, calls)));

function match([batch, n]: Shape, temperature: number, calls: number): Match {
  const task = { batch, n, iterations: 20, temperature };
  const ours = (name: string, threads: number, options: Partial<SinkhornTask> = {}) =>
    nodeContestant(
      `permutation.relax, ${name}, ${threadsText(threads)}`,
      "sinkhorn",
      { ...task, threads, form: "auto", gradient: "unrolled", ...options },
      calls,
    );
  const torch = (threads: number) => {
    const sizes = Object.entries({ ...task, threads }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    return torchContestant(`PyTorch, ${threadsText(threads)}`, "sinkhorn", sizes, calls);
  };
  const tensorflow = nodeContestant("TensorFlow.js, wasm", "sinkhorn-tensorflow", task, Math.ceil(calls / 10));
  const scaling = ours("scaling", 1, { form: "scaling" });
  const [unrolled, unrolledTwo] = [ours("unrolled", 1), ours("unrolled", 2)];
  const [implicit, implicitTwo] = [1, 2].map((threads) => ours("implicit", threads, { gradient: "implicit" }));
  const [one, two] = [torch(1), torch(2)];
  const target = { atMost: n < 16 ? 1.5 : 1 };
  return {
    title: `Gumbel-Sinkhorn and its gradient, ${batch} x ${n} x ${n}, temperature ${temperature}, 20 iterations`,
    unit: "ms a call",
    contestants: [unrolled, unrolledTwo, implicit!, implicitTwo!, scaling, one, two, tensorflow],
    comparisons: [
      { name: "unrolled to PyTorch, 1 thread", of: unrolled.name, to: one.name, target },
      {
        name: "unrolled to PyTorch, 2 threads",
        of: unrolledTwo.name,
        to: two.name,
        ...(temperature < 1 && { target }),
      },
      { name: "implicit to PyTorch, 1 thread", of: implicit!.name, to: one.name },
      { name: "implicit to PyTorch, 2 threads", of: implicitTwo!.name, to: two.name, target },
      { name: "TensorFlow.js to unrolled", of: tensorflow.name, to: unrolled.name, target: { atLeast: 5 } },
    ],
  };
}

const FIRST_CALLS = "The first call of Gumbel-Sinkhorn with its gradient: trace, compile and run, 10 x 100 x 100";

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
    title: FIRST_CALLS,
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
  .flatMap(({ contestants }) => contestants.filter(({ name }) => /, (unrolled|implicit), 1 thread$/.test(name)));

async function run(settings: Settings): Promise<Findings[]> {
  const findings = await measureAll(matches, settings);
  return isAskedFor(FIRST_CALLS, settings) ? [...findings, await firstCalls(settings)] : findings;
}

export const sinkhorn: Benchmark = {
  name: "sinkhorn",
  summary: "Gumbel-Sinkhorn with its gradient beside PyTorch's and TensorFlow.js'",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run,
};
