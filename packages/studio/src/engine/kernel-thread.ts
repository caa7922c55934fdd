/** A thread that takes pieces of the engine's kernels. See the lab's job-board.js. */

import { help, join } from "@softdraw/threads/job-board.js";
import { type Kernel, placedKernel } from "@softdraw/threads/placement.js";

export interface Beginning {
  readonly board: Int32Array;
  readonly memory: WebAssembly.Memory;
}

export interface KernelModule {
  readonly id: number;
  readonly module: WebAssembly.Module;
}

let own: Beginning;
let held: number | undefined;
const kernels: Kernel[] = [];

addEventListener("message", ({ data }: MessageEvent<Beginning | KernelModule>) => {
  if ("board" in data) {
    own = data;
    join(own.board);
  } else kernels[data.id] = placedKernel(data.module, own.memory);
  // It ends when a kernel is needed that is still on its way: as a message, which calls this again.
  held = help(own.board, (id) => kernels[id], held);
});
