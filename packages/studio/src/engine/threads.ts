/** The engine's threads in a worker of the page. To be imported before the engine. */

import { type Helper, installCrew } from "@softdraw/threads/crew";
import type { Beginning, KernelModule } from "./kernel-thread.ts";
import kernelThread from "./kernel-thread.ts?worker&url";

const canShare = typeof SharedArrayBuffer !== "undefined" && typeof Worker !== "undefined";

installCrew(Array.from({ length: canShare ? (navigator.hardwareConcurrency ?? 1) - 1 : 0 }, thread));

function thread(): Helper {
  const thread = new Worker(kernelThread, { type: "module", name: "kernels" });
  return {
    start: (board, memory) => thread.postMessage({ board, memory } satisfies Beginning),
    learn: (id, module) => thread.postMessage({ id, module } satisfies KernelModule),
  };
}
