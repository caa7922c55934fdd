/** The engine's threads in Node. */

import { availableParallelism } from "node:os";
import { MessageChannel, Worker as Thread } from "node:worker_threads";
import { type Helper, installCrew } from "./crew.ts";

/** As many threads as cores, up to 4: more gain little on kernels of this size. */
export function defaultThreads(): number {
  return Math.min(4, availableParallelism());
}

/** Lets the engine use `count` threads. To be called once, before the engine is imported for the first time. */
export function installThreads(count: number): void {
  installCrew(Array.from({ length: count - 1 }, thread));
}

function thread(): Helper {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  return {
    start(board, memory) {
      const thread = new Thread(new URL("./engine-thread.js", import.meta.url), {
        workerData: { board, memory, port: port2 },
        transferList: [port2],
        // The thread runs plain JavaScript: no loader of the caller's is wanted there.
        execArgv: [],
      });
      // The others do its pieces; but that it failed is not to be missed.
      thread.on("error", (error) => {
        throw error;
      });
      thread.unref();
    },
    learn: (_, module) => port1.postMessage(module),
  };
}
