/** Trains the VAE on the embedded digits as the command line does, into a folder that it removes, and watches its memory. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Experiment } from "@softdraw/experiments/experiment";
import { loadDataset } from "@softdraw/lab/data/datasets";
import { nameOfData } from "@softdraw/lab/data/own-data";
import { silentReporter } from "@softdraw/lab/training/reporter";
import { defaultThreads, installThreads } from "@softdraw/threads";
import type { MemoryUse } from "../contestant.ts";
import { memoryUse, watchWasmMemory } from "./memory.ts";
import { readOptions, serve } from "./serve.ts";

/** A folder of IDX files to train on, in place of the embedded digits. */
const { dataDir } = readOptions<{ dataDir?: string }>();
const wasmBytes = watchWasmMemory();
installThreads(defaultThreads());
// Imported late: the engine looks for threads, and takes its memory, when it is.
const { trainRun } = await import("@softdraw/lab/training/training");
const { createRun } = await import("@softdraw/lab/runs/run");
const { categoricalVae } = await import("@softdraw/experiments/categorical-vae/index");

await serve(async (epochs) => {
  const memory: MemoryUse[] = [];
  const root = await mkdtemp(join(tmpdir(), "softdraw-bench-"));
  const started = performance.now();
  try {
    await train(root, epochs, () => memory.push(memoryUse(wasmBytes)));
  } finally {
    await rm(root, { recursive: true });
  }
  return { ms: (performance.now() - started) / epochs, memory };
});

async function train(root: string, epochs: number, onEpoch: () => void): Promise<void> {
  const config = categoricalVae.schema.parse({ epochs });
  const info = { experiment: "vae", version: "benchmark", created: new Date().toISOString(), command: "", config };
  const run = await createRun(root, info);
  try {
    // Asks for a configuration of any experiment; this is the VAE's own.
    const experiment: Experiment = categoricalVae;
    const stop = new AbortController().signal;
    const reporter = { ...silentReporter, epoch: onEpoch };
    await trainRun({ run, experiment, config, data: await loadImages(), reporter, stop });
  } finally {
    await run.close();
  }
}

async function loadImages() {
  return dataDir === undefined ? loadDataset("digits") : loadDataset(await nameOfData(dataDir), { dataDir });
}
