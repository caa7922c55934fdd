/** The engine's threads in Node, where no `Worker` of a browser's kind is. */

import { resolveObjectURL } from "node:buffer";
import { availableParallelism } from "node:os";
import { MessageChannel, Worker as Thread } from "node:worker_threads";
import { type Helper, installCrew, type Routines } from "./crew.ts";
import { keepInstances } from "./instances.ts";

/** As many threads as cores, up to 4: more gain little on kernels of this size. */
export function defaultThreads(): number {
  return Math.min(4, availableParallelism());
}

/**
 * Lets the engine use `count` threads. To be called once, before the engine is imported for the first time. With more than
 * one, reads must be asynchronous afterwards (`await array.data()`, never `dataSync`).
 */
export function installThreads(count: number): void {
  keepInstances();
  if (count === 1) return;
  const machine = { hardwareConcurrency: count, userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, "navigator", { value: machine, configurable: true });
  installCrew({ helper: thread, routines: routinesHere });
}

function thread(): Helper {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  return {
    async start(board, memory) {
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

/** The engine's code for a worker, run on the calling thread. */
function routinesHere(url: string): Routines {
  let answer: unknown;
  const scope: { onmessage(event: { data: unknown }): void } = { onmessage: () => {} };
  return async (message) => {
    if (message.type === "init") {
      const source = await resolveObjectURL(url)?.text();
      if (source === undefined) throw new Error(`The engine's code for a worker, ${url}, is not there.`);
      new Function("self", "postMessage", source)(scope, (data: unknown) => {
        answer = data;
      });
    }
    scope.onmessage({ data: message });
    return answer;
  };
}
