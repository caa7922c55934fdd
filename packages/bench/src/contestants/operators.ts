/** `categorical.relax` forward and backward, on random logits and with random cotangents. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

interface Options {
  readonly threads: number;
  readonly shape: readonly number[];
  readonly hard: boolean;
}

const { threads, shape, hard } = readOptions<Options>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, random } = await import("@jax-js/jax");
const { categorical } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const gradient = jit((logits: Array, cotangent: Array, key: Array) =>
  grad((l: Array) => categorical.relax(key, l, { hard }).mul(cotangent).sum())(logits),
);
const logits = random.normal(random.key(0), [...shape]);
const cotangent = random.normal(random.key(1), [...shape]);
let calls = 2;

await serveCall(async () => {
  const result = await blockUntilReady(gradient(logits.ref, cotangent.ref, streamKey(calls++, 0)));
  result.dispose();
});
