/** The bare VAE on data-parallel workers: starts them, and passes on how many steps to take. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { readOptions, serve } from "./serve.ts";
import { shareMemory, type WorkerData } from "./shared-memory.ts";

const { workers: count } = readOptions<{ workers: number }>();
const memory = shareMemory(count);
// A thread does not inherit the loader of TypeScript.
const program = `import("${import.meta.resolve("@softdraw/lab/register.js")}").then(() => {
  return import("${new URL("./vae-worker.ts", import.meta.url)}");
})`;
const workers = Array.from({ length: count }, (_, rank) => {
  const workerData: WorkerData = { rank, count, memory };
  return new Worker(program, { eval: true, execArgv: [], workerData });
});

await serve(async (amount) => {
  const started = performance.now();
  for (const worker of workers) worker.postMessage(amount);
  const losses = await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0] as number));
  return { ms: (performance.now() - started) / amount, loss: losses.reduce((a, b) => a + b) / count };
});
