/**
 * Exactly k of n: draws, marginals, or draws with the marginals' gradient, of random logits; or the first call of the
 * last.
 */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

interface Options {
  readonly task: "simple" | "marginals" | "sample" | "first";
  readonly threads: number;
  readonly shape: readonly [batch: number, n: number, k: number];
}

const { task, threads, shape } = readOptions<Options>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, random } = await import("@jax-js/jax");
const { conditionalBernoulli, straightThrough } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const [batch, n, k] = shape;
const logitsOf = (rows: number) => random.normal(random.key(0), [rows, n]);
const cotangentOf = (rows: number) => random.normal(random.key(1), [rows, n]);
const logits = logitsOf(batch);
const cotangent = cotangentOf(batch);
let calls = 2;

const gradient = jit((key: Array, logits: Array, cotangent: Array) =>
  grad((l: Array) => {
    const draw = conditionalBernoulli.sample(key, l.ref, k);
    return straightThrough(conditionalBernoulli.marginals(l, k), draw).mul(cotangent).sum();
  })(logits),
);

function call(): Array {
  const key = streamKey(calls++, 0);
  if (task === "sample") return conditionalBernoulli.sample(key, logits.ref, k);
  if (task === "simple") return gradient(key, logits.ref, cotangent.ref);
  key.dispose();
  if (task === "marginals") return conditionalBernoulli.marginals(logits.ref, k);
  // Every number of rows is compiled anew.
  const rows = batch + calls;
  return gradient(streamKey(calls, 0), logitsOf(rows), cotangentOf(rows));
}

await serveCall(async () => {
  (await blockUntilReady(call())).dispose();
});
