/** A relaxation of subsets forward and backward, on random logits and with random cotangents; or exact draws in order. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

interface Options {
  readonly task: "successive" | "threshold" | "sample";
  readonly threads: number;
  readonly shape: readonly [batch: number, n: number, k: number];
  readonly temperature: number;
}

const { task, threads, shape, temperature } = readOptions<Options>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, random } = await import("@jax-js/jax");
const { subset } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const [batch, n, k] = shape;
const logits = random.normal(random.key(0), [batch, n]);
const cotangent = random.normal(random.key(1), [batch, n]);
let calls = 2;

const gradient = jit((logits: Array, cotangent: Array) =>
  grad((l: Array) =>
    subset
      .softMode(l, k, { temperature, relaxation: task === "threshold" ? task : "successive" })
      .mul(cotangent)
      .sum(),
  )(logits),
);

await serveCall(async () => {
  const result =
    task === "sample"
      ? subset.sampleOrdered(streamKey(calls++, 0), logits.ref, k)
      : gradient(logits.ref, cotangent.ref);
  (await blockUntilReady(result)).dispose();
});
