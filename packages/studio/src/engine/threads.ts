/** The engine's threads in a worker of the page. To be imported before the engine. */

import { type Helper, installCrew, type Routines } from "../../../lab/src/engine/crew.ts";
import { keepInstances } from "../../../lab/src/engine/instances.ts";
import type { Beginning, KernelModule } from "./kernel-thread.ts";
import kernelThread from "./kernel-thread.ts?worker&url";

const NativeWorker = globalThis.Worker;

keepInstances();
if (typeof SharedArrayBuffer !== "undefined" && typeof NativeWorker !== "undefined") {
  installCrew({ helper: thread, routines: routinesElsewhere });
}

function thread(): Helper {
  const thread = new NativeWorker(kernelThread, { type: "module", name: "kernels" });
  return {
    start: (board, memory) => answer(thread, { board, memory } satisfies Beginning) as Promise<void>,
    learn: (id, module) => thread.postMessage({ id, module } satisfies KernelModule),
  };
}

/** The engine's code for a worker, in one: a page may forbid to compile it here. */
function routinesElsewhere(url: string): Routines {
  const worker = new NativeWorker(url, { type: "module" });
  return (message) => answer(worker, message);
}

function answer(worker: Worker, message: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(message);
  });
}
