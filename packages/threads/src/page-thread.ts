/**
 * A thread of a page that takes pieces of the engine's kernels. See job-board.js. page-thread-source.ts has the same as a
 * string.
 */

import { help, join } from "./job-board.js";
import { type Kernel, placedKernel } from "./placement.js";

export interface StartMessage {
  readonly board: Int32Array;
  readonly memory: WebAssembly.Memory;
}

export interface KernelMessage {
  readonly id: number;
  readonly module: WebAssembly.Module;
}

let own: StartMessage;
let held: number | undefined;
const kernels: Kernel[] = [];

addEventListener("message", ({ data }: MessageEvent<StartMessage | KernelMessage>) => {
  if ("board" in data) {
    own = data;
    join(own.board);
  } else kernels[data.id] = placedKernel(data.module, own.memory);
  // It ends when a kernel is needed that is still on its way: as a message, which calls this again.
  held = help(own.board, (id) => kernels[id], held);
});
