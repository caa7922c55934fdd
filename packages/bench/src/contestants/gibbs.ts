/** A verb of `permutation.gibbs`, or a relaxed permutation, on random logits. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

export interface GibbsTask {
  readonly verb: "logPartition" | "marginals" | "marginals' gradient" | "sample" | "relax" | "relax hard";
  readonly batch: number;
  readonly n: number;
}

const { verb, batch, n } = readOptions<GibbsTask>();
installThreads(1);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, random } = await import("@jax-js/jax");
const { permutation } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type EngineArray = ReturnType<typeof random.normal>;

const { gibbs } = permutation;
const logits = await blockUntilReady(random.normal(random.key(0), [batch, n, n]));
const cotangent = await blockUntilReady(random.normal(random.key(1), [batch, n, n]));
const slope = jit((l: EngineArray, c: EngineArray) => grad((x: EngineArray) => gibbs.marginals(x).mul(c).sum())(l));
let calls = 2;

const call = {
  logPartition: () => gibbs.logPartition(logits.ref),
  marginals: () => gibbs.marginals(logits.ref),
  "marginals' gradient": () => slope(logits.ref, cotangent.ref),
  sample: () => gibbs.sample(streamKey(calls++, 0), logits.ref),
  relax: () => permutation.relax(streamKey(calls++, 0), logits.ref),
  "relax hard": () => permutation.relax(streamKey(calls++, 0), logits.ref, { hard: true }),
}[verb];

await serveCall(async () => {
  (await blockUntilReady(call())).dispose();
});
