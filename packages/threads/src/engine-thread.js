// @ts-check
/** A thread that takes pieces of the engine's kernels. See job-board.js. */

import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { help, join } from "./job-board.js";
import { placedKernel } from "./placement.js";

/** @type {{ board: Int32Array, memory: WebAssembly.Memory, port: import("node:worker_threads").MessagePort }} */
const { board, memory, port } = workerData;

/** @type {import("./placement.js").Kernel[]} */
const kernels = [];

join(board);
help(board, (id) => {
  // They come in order of their numbers, each before the first job that needs it.
  while (kernels.length <= id) {
    const arrived = receiveMessageOnPort(port);
    if (arrived) kernels.push(placedKernel(arrived.message, memory));
  }
  return kernels[id];
});
