/** A thread that runs its shares of kernels, on requests through shared memory. See threads.ts. */

import { awaitChange, HEADER, type Kernel, type KernelModule, kernelOf } from "./mailbox.ts";

interface Beginning {
  readonly memory: WebAssembly.Memory;
  readonly header: Int32Array;
}

let memory: WebAssembly.Memory;
let header: Int32Array;
let handled = 0;
const kernels = new Map<number, Kernel>();

addEventListener("message", ({ data }: MessageEvent<Beginning | KernelModule>) => {
  if ("memory" in data) {
    ({ memory, header } = data);
    postMessage({ type: "ready" });
  } else kernels.set(data.id, kernelOf(data.module, memory));
  serve();
});

/** Serves until a request is for a kernel that is still on its way: it comes as a message, which calls this again. */
function serve(): void {
  for (;;) {
    awaitChange(header, HEADER.requests, handled);
    const kernel = kernels.get(header[HEADER.kernel]!);
    if (kernel === undefined) return;
    const pointers = header.subarray(HEADER.pointers, HEADER.pointers + header[HEADER.pointerCount]!);
    let failed = 0;
    try {
      kernel(...pointers, header[HEADER.begin]!, header[HEADER.end]!);
    } catch {
      failed = 1;
    }
    header[HEADER.failed] = failed;
    handled++;
    Atomics.store(header, HEADER.answers, handled);
    Atomics.notify(header, HEADER.answers);
  }
}
