/** A relaxed order, or soft ranks, forward and backward, on random logits and with random cotangents; or exact orders. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

export interface RankingTask {
  readonly task: "softMode" | "softSort" | "softRank" | "sample" | "perturbGiven";
  readonly threads: number;
  readonly shape: readonly [batch: number, n: number];
  readonly options: object;
}

const { task, threads, shape, options } = readOptions<RankingTask>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, random } = await import("@jax-js/jax");
const { ranking } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const [batch, n] = shape;
const logits = random.normal(random.key(0), [batch, n]);
const cotangent = random.normal(random.key(1), task === "softMode" ? [batch, n, n] : [batch, n]);
const order = ranking.sample(random.key(2), logits.ref);
let calls = 3;

const gradient = jit((logits: Array, cotangent: Array, key: Array, order: Array) => {
  const value = (l: Array) => {
    if (task === "perturbGiven") return ranking.perturbGiven(key, order, l);
    return ranking[task === "sample" ? "softMode" : task](l, options);
  };
  return grad((l: Array) => value(l).mul(cotangent).sum())(logits);
});

await serveCall(async () => {
  const key = streamKey(calls++, 0);
  const result =
    task === "sample" ? ranking.sample(key, logits.ref) : gradient(logits.ref, cotangent.ref, key, order.ref);
  (await blockUntilReady(result)).dispose();
});
