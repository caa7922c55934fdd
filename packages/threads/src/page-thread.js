// @ts-check
/**
 * A thread of a page that takes pieces of the engine's kernels. See job-board.js.
 *
 * Plain JavaScript, because its file is named by the same address in the sources and in what is published.
 */

import { help, join } from "./job-board.js";
import { placedKernel } from "./placement.js";

/** @typedef {{ readonly board: Int32Array, readonly memory: WebAssembly.Memory }} StartMessage */
/** @typedef {{ readonly id: number, readonly module: WebAssembly.Module }} KernelMessage */

/** @type {StartMessage} */
let own;
/** @type {number | undefined} */
let held;
/** @type {import("./placement.js").Kernel[]} */
const kernels = [];

addEventListener("message", (/** @type {MessageEvent<StartMessage | KernelMessage>} */ { data }) => {
  if ("board" in data) {
    own = data;
    join(own.board);
  } else kernels[data.id] = placedKernel(data.module, own.memory);
  // It ends when a kernel is needed that is still on its way: as a message, which calls this again.
  held = help(own.board, (id) => kernels[id], held);
});
