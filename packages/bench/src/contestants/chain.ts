/** Verbs of `chain` on random logits and transitions, or the first call of one. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

export interface ChainTask {
  readonly task: "gradient" | "marginals" | "simple" | "sample" | "mode" | "first";
  readonly threads: number;
  readonly shape: readonly [batch: number, length: number, labels: number];
}

const { task, threads, shape } = readOptions<ChainTask>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, numpy: np, random } = await import("@jax-js/jax");
const { chain, straightThrough } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const [batch, length, labels] = shape;
const logitsOf = (rows: number) => random.normal(random.key(0), [rows, length, labels]);
const logits = logitsOf(batch);
const transitions = random.normal(random.key(1), [labels, labels]);
const cotangent = random.normal(random.key(2), [batch, length, labels]);
let calls = 2;

const gradient = jit((l: Array, a: Array) =>
  grad((l: Array, a: Array) => chain.logPartition(l, a).sum(), { argnums: [0, 1] })(l, a),
) as unknown as (l: Array, a: Array) => Array[];

const simple = jit((key: Array, l: Array, a: Array, cotangent: Array) => {
  const loss = (l: Array, a: Array) => {
    const draw = chain.sample(key, l.ref, a.ref);
    return straightThrough(chain.marginals(l, a), draw).mul(cotangent).sum();
  };
  return grad(loss, { argnums: [0, 1] })(l, a);
}) as unknown as (key: Array, l: Array, a: Array, cotangent: Array) => Array[];

const call: Record<ChainTask["task"], () => Array | Array[]> = {
  gradient: () => gradient(logits.ref, transitions.ref),
  marginals: () => chain.marginals(logits.ref, transitions.ref),
  simple: () => simple(streamKey(calls++, 0), logits.ref, transitions.ref, cotangent.ref),
  sample: () => chain.sample(streamKey(calls++, 0), logits.ref, transitions.ref),
  mode: () => chain.mode(logits.ref, transitions.ref),
  // Every number of rows is compiled anew.
  first: () => gradient(np.tile(logits.ref.slice([0, 1]), [batch + calls++, 1, 1]), transitions.ref),
};

await serveCall(async () => {
  const found = await blockUntilReady(call[task]());
  for (const array of [found].flat()) array.dispose();
});
