/** `permutation.relax` forward and backward, noise included, on random logits and with random cotangents. */

import { installThreads } from "@softdraw/threads";
import { watchWasmMemory } from "./memory.ts";
import { readOptions, serve } from "./serve.ts";

export interface SinkhornTask {
  readonly threads: number;
  readonly batch: number;
  readonly n: number;
  readonly iterations: number;
  readonly temperature: number;
  readonly form: "auto" | "log" | "scaling";
  readonly gradient: "unrolled" | "implicit";
}

const { threads, batch, n, temperature, ...options } = readOptions<SinkhornTask>();
const wasmBytes = watchWasmMemory();
installThreads(threads);
// Imported late: the engine looks for threads, and takes its memory, when it is.
const { blockUntilReady, grad, jit, random } = await import("@jax-js/jax");
const { permutation } = await import("softdraw");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof random.normal>;

const gradient = jit((logits: Array, cotangent: Array, key: Array, temperature: Array) =>
  grad((l: Array) =>
    permutation
      .relax(key, l, { ...options, temperature })
      .mul(cotangent)
      .sum(),
  )(logits),
);
const logits = random.normal(random.key(0), [batch, n, n]).mul(3);
const cotangent = random.normal(random.key(1), [batch, n, n]);
await blockUntilReady([logits, cotangent]);
let calls = 2;

await serve(async (amount) => {
  const started = performance.now();
  for (let i = 0; i < amount; i++) {
    const result = gradient(logits.ref, cotangent.ref, streamKey(calls++, 0), temperature as unknown as Array);
    (await blockUntilReady(result)).dispose();
  }
  const ms = (performance.now() - started) / amount;
  const { rss, heapUsed } = process.memoryUsage();
  return { ms, memory: [{ resident: rss / 1e6, heap: heapUsed / 1e6, wasm: wasmBytes() / 1e6 }] };
});
