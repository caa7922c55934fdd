/**
 * Trees of random logits: the log-partition function with its gradient or without, marginals, their gradient, draws and
 * maxima; or the first call of one of these.
 */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

interface Options {
  readonly structure: "spanningTree" | "arborescence";
  readonly task: "gradient" | "partition" | "marginals" | "simple" | "sample" | "mode";
  readonly isFirst?: boolean;
  readonly threads: number;
  readonly shape: readonly [batch: number, n: number];
}

const { structure, task, isFirst, threads, shape } = readOptions<Options>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, numpy: np, random } = await import("@jax-js/jax");
const softdraw = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const trees = softdraw[structure];
const [batch, n] = shape;
const logitsOf = (rows: number) => {
  const draws = random.normal(random.key(0), [rows, n, n]);
  return draws.ref.add(np.swapaxes(draws, -1, -2)).mul(0.5);
};
const cotangentOf = (rows: number) => random.normal(random.key(1), [rows, n, n]);
let calls = 2;

const gradient = jit(grad((l: Array) => trees.logPartition(l).sum()));

const simple = jit((key: Array, logits: Array, cotangent: Array) =>
  grad((l: Array) => {
    const draw = trees.sample(key, l.ref);
    return softdraw.straightThrough(trees.marginals(l), draw).mul(cotangent).sum();
  })(logits),
);

const tasks: Record<Options["task"], (logits: Array, cotangent: Array) => Array> = {
  gradient: (logits) => gradient(logits) as Array,
  partition: (logits) => trees.logPartition(logits),
  marginals: (logits) => trees.marginals(logits),
  simple: (logits, cotangent) => simple(streamKey(calls, 0), logits, cotangent.ref) as Array,
  sample: (logits) => trees.sample(streamKey(calls, 0), logits),
  mode: (logits) => trees.mode(logits),
};

const logits = logitsOf(batch);
const cotangent = cotangentOf(batch);

function call(): Array {
  calls++;
  if (!isFirst) return tasks[task](logits.ref, cotangent);
  // Every number of rows is compiled anew.
  const rows = batch + calls;
  return tasks[task](logitsOf(rows), cotangentOf(rows));
}

await serveCall(async () => {
  (await blockUntilReady(call())).dispose();
});
