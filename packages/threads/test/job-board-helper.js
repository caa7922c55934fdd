// @ts-check
/** Helpers of job-board.test.ts that are not as they should be. */

import { parentPort, workerData } from "node:worker_threads";
import { help } from "../src/job-board.js";

const { role, board, memory } = workerData;
const numbers = new Int32Array(memory.buffer);

/** Says that a piece has been taken. */
function tell() {
  Atomics.store(numbers, 0, 1);
  Atomics.notify(numbers, 0);
}

if (role === "stuck") {
  // Takes one piece and never ends it.
  help(board, () => () => {
    tell();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
} else {
  // Learns of a kernel by a message, as a page's threads do, and only when it has been asked for it.
  /** @type {import("../src/placement.js").Kernel | undefined} */
  let kernel;
  let held = help(board, () => kernel);
  tell();
  parentPort?.on("message", (module) => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    kernel = /** @type {import("../src/placement.js").Kernel} */ (exports.kernel);
    held = help(board, () => kernel, held);
  });
}
