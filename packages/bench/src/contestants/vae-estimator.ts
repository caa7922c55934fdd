/** The VAE as the lab trains it to compare estimators, by one of them. */

import { installThreads } from "@softdraw/threads";
import { memoryUse, watchWasmMemory } from "./memory.ts";
import { readOptions, serve, serveExperiment, stepsOf } from "./serve.ts";

const { threads, watch, ...values } = readOptions<{ threads: number; watch?: boolean }>();
const wasmBytes = watchWasmMemory();
installThreads(threads);
// Imported late: the engine looks for threads, and takes its memory, when it is.
const { categoricalVae } = await import("@softdraw/experiments/categorical-vae/index");

const settings = { ...categoricalVae.presets.comparison!.values, ...values };
if (watch) await serveMemory();
else await serveExperiment(categoricalVae, settings);

/** Steps, and what memory they leave: the engine's only ever grows, so what it has is the most that a step took. */
async function serveMemory(): Promise<never> {
  const step = await stepsOf(categoricalVae, settings);
  return serve(async (amount) => {
    const started = performance.now();
    for (let i = 0; i < amount; i++) await step();
    return { ms: (performance.now() - started) / amount, memory: [memoryUse(wasmBytes)] };
  });
}
