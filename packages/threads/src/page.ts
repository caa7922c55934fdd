/**
 * Threads for the engine jax-js on WebAssembly, in a page or in a worker of one. For Node, see index.ts.
 *
 * @module
 */

import type { Helper } from "./crew.ts";
import { checkCount, checkFirst, installHelpers, installWithout, type ThreadOptions } from "./install.ts";
import { checkOptions } from "./options.ts";
import type { KernelMessage, StartMessage } from "./page-thread.js";

export { type HashingEngine, installFastHashing } from "./hashing.ts";
export { keepInstances, type ThreadOptions, type ThreadStatus, threadStatus } from "./install.ts";

/** What can be set in a page beside the number of threads. */
export interface PageThreadOptions extends ThreadOptions {
  /**
   * Makes a worker that runs `@softdraw/threads/page-thread`. Without it, workers are made by
   * `new Worker(new URL(..., import.meta.url))`, which most bundlers know (Vite, webpack, Parcel, Rollup with a
   * plugin). For another one, such as esbuild, bundle that module by itself.
   */
  readonly newWorker?: (() => Worker) | undefined;
}

/** As many threads as the machine has cores, up to 4: more gain little on kernels of the usual size. */
export function defaultThreads(): number {
  return Math.min(4, navigator.hardwareConcurrency ?? 1);
}

/**
 * Has the engine compute with several threads, and keep an instance of each kernel. To be called once in each page or
 * worker that imports the engine, before it does so for the first time: import the engine with `await import(...)`
 * afterwards, or call this in a module that is imported first.
 *
 * Results are the same bytes whatever the number of threads. The page has to be isolated from other origins: served
 * with `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`. Otherwise there is
 * one thread.
 *
 * The calling thread waits for the others without the event loop, which browsers allow in workers only. So call it in a
 * worker; in the page's own thread there is one thread, too.
 *
 * @param count threads, the calling one included
 * @param options `onFallback`, which is told why there is one thread, or why the engine is left to compute in its own
 *   way; `newWorker`
 * @throws RangeError if `count` is not a whole number from 1 to 64
 * @throws TypeError if there is no such option, or one is no function
 * @throws Error if threads or instances have been installed before
 */
export function installThreads(count: number = defaultThreads(), options: PageThreadOptions = {}): void {
  // Before any worker is made.
  checkCount(count);
  checkOptions("installThreads(options)", options, ["onFallback", "newWorker"]);
  checkFirst("installThreads");
  const reason = count === 1 ? undefined : whyAlone();
  if (reason !== undefined) installWithout(reason, options);
  else installHelpers(Array.from({ length: count - 1 }, newHelperOf(options)), options);
}

function whyAlone(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") {
    return "the page is not isolated from other origins, so its threads share no memory";
  }
  if (typeof Worker === "undefined") return "there are no workers here";
  if (typeof document !== "undefined") return "the page's own thread may not wait for others; a worker may";
  return undefined;
}

function newHelperOf({ newWorker = moduleWorker }: PageThreadOptions): () => Helper {
  return () => {
    const worker = newWorker();
    return {
      start(board, memory, onFailure) {
        worker.onerror = ({ message }) => onFailure(new Error(message || "its script could not be loaded"));
        worker.postMessage({ board, memory } satisfies StartMessage);
      },
      sendKernel: (id, module) => worker.postMessage({ id, module } satisfies KernelMessage),
    };
  };
}

function moduleWorker(): Worker {
  return new Worker(new URL("./page-thread.js", import.meta.url), { type: "module", name: "kernels" });
}
