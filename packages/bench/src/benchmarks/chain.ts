/** Linear chains, beside the recursion over places, and the tree of products of torch-struct, in PyTorch. */

import type { Benchmark } from "../benchmark.ts";
import { nodeContestant, threadsText, torchContestant } from "../contestant.ts";
import type { ChainTask } from "../contestants/chain.ts";
import { type Match, measureAll } from "../pairs.ts";

type Shape = ChainTask["shape"];
type Task = ChainTask["task"];

const STANDARD: Shape = [100, 128, 16];

/** Calls a turn: a tenth of a second, about. */
const shapes: { shape: Shape; calls: number }[] = [
  { shape: [100, 16, 16], calls: 20 },
  { shape: [100, 32, 16], calls: 10 },
  { shape: [100, 64, 16], calls: 5 },
  { shape: STANDARD, calls: 3 },
  { shape: [100, 256, 16], calls: 2 },
  { shape: [100, 128, 4], calls: 5 },
  { shape: [100, 128, 64], calls: 1 },
];

const TITLES: Record<Task, string> = {
  gradient: "Log-partition and its gradient",
  marginals: "Marginals",
  simple: "A draw with the marginals' gradient",
  sample: "An exact draw",
  mode: "The best sequence",
  first: "The first call of the log-partition and its gradient",
};

const matches = [
  ...shapes.map(({ shape, calls }) => match("gradient", shape, calls)),
  ...(["marginals", "simple", "sample", "mode"] as const).map((task) => match(task, STANDARD, 3)),
  ...shapes.slice(0, 5).map(({ shape }) => match("first", shape, 1)),
];

function match(task: Task, shape: Shape, calls: number): Match {
  const [batch, length, labels] = shape;
  const threads = 1;
  const text = threadsText(threads);
  const ours = nodeContestant(`chain, ${task}, ${text}`, "chain", { task, threads, shape }, calls);
  const peer = (form: "places" | "tree") => {
    const sizes = Object.entries({ task, form, threads, batch, length, labels });
    return torchContestant(
      `PyTorch, ${task}, ${form}, ${text}`,
      "chain",
      sizes.flatMap(([name, value]) => [`--${name}`, `${value}`]),
      calls,
    );
  };
  const isPeers = task === "gradient" || task === "sample" || task === "mode";
  // The tree takes gigabytes for more labels.
  const forms = !isPeers
    ? []
    : task === "gradient" && labels <= 16
      ? (["places", "tree"] as const)
      : (["places"] as const);
  const peers = forms.map((form) => ({ form, contestant: peer(form) }));
  return {
    title: `${TITLES[task]}, ${batch} x ${length} x ${labels}`,
    unit: "ms a call",
    contestants: [ours, ...peers.map(({ contestant }) => contestant)],
    comparisons: peers.map(({ form, contestant }) => ({
      name: form === "tree" ? "chain to PyTorch, a tree as torch-struct's" : "chain to PyTorch, place by place",
      of: ours.name,
      to: contestant.name,
      ...(form === "tree" && { target: { atMost: 1 } }),
    })),
  };
}

export const chain: Benchmark = {
  name: "chain",
  summary: "sequences with transitions: log-partition, its gradient and draws, beside PyTorch",
  contestants: matches.flatMap(({ contestants }) => contestants),
  run: (settings) => measureAll(matches, settings),
};
