/**
 * Threads for the engine jax-js on WebAssembly, in Node. For pages, see page.ts.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import { MessageChannel, Worker as Thread } from "node:worker_threads";
import type { Helper } from "./crew.ts";
import { checkCount, checkFirst, installHelpers, type ThreadOptions } from "./install.ts";
import { offerWorker } from "./node-worker.ts";
import { checkOptions } from "./options.ts";

export { type HashingEngine, installFastHashing } from "./hashing.ts";
export { keepInstances, type ThreadOptions, type ThreadStatus, threadStatus } from "./install.ts";

/** As many threads as the machine has cores, up to 4: more gain little on kernels of the usual size. */
export function defaultThreads(): number {
  return Math.min(4, availableParallelism());
}

/**
 * Has the engine compute with several threads, and keep an instance of each kernel. To be called once, before the
 * engine is imported for the first time: so import the engine, and all that imports it, with `await import(...)`
 * afterwards.
 *
 * Results are the same bytes whatever the number of threads. The threads do not keep the program from ending.
 *
 * @param count threads, the calling one included; 1 keeps instances only
 * @param options `onFallback`, which is told why the engine is left to compute in its own way if it is not as expected
 * @throws RangeError if `count` is not a whole number from 1 to 64
 * @throws TypeError if there is no such option, or `onFallback` is no function
 * @throws Error if threads or instances have been installed before
 */
export function installThreads(count: number = defaultThreads(), options: ThreadOptions = {}): void {
  // Before anything is made: a global Worker would change how the engine computes.
  checkCount(count);
  checkOptions("installThreads(options)", options, ["onFallback"]);
  checkFirst("installThreads");
  const takeBack = count > 1 ? offerWorker() : undefined;
  installHelpers(Array.from({ length: count - 1 }, newHelper), options, takeBack);
}

function newHelper(): Helper {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  return {
    start(board, memory, onFailure) {
      const thread = new Thread(new URL("./engine-thread.js", import.meta.url), {
        workerData: { board, memory, port: port2 },
        transferList: [port2],
        // The thread runs plain JavaScript: no loader of the caller's is wanted there.
        execArgv: [],
      });
      // The others do its pieces; but that it failed is not to be missed.
      thread.on("error", onFailure);
      thread.unref();
    },
    sendKernel: (_, module) => port1.postMessage(module),
  };
}
