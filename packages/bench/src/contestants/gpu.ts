/** Training steps and operators on WebGPU or WebAssembly. The number on standard input says which work is to be done. */

import { installThreads } from "@softdraw/threads";
import { installWebgpu } from "@softdraw/threads/webgpu";
import { countCalls } from "../gpu/counts.ts";
import { timeCalls } from "../gpu/times.ts";
import { worksOf } from "../gpu/works.ts";
import { readOptions, serve } from "./serve.ts";

const { device, small } = readOptions<{ device: "webgpu" | "wasm"; small: boolean }>();
const works = worksOf({ small });
const counts = device === "webgpu" ? await startWebgpu() : startWebAssembly();
// Imported late: the engine looks for threads when it is.
const { begin } = await import("../gpu/begin.ts");

await serve(async (number) => {
  // A card's time is dear: what fails does not end the rest.
  try {
    const { call, dispose } = await begin(works[number]!);
    const card = await timeCalls(call, { seconds: device === "webgpu" && !small ? 0.4 : 0, counts });
    dispose();
    return { ms: card.inARow, card };
  } catch (error) {
    return { ms: Number.NaN, failed: String(error) };
  }
});

async function startWebgpu() {
  await installWebgpu();
  const counts = countCalls();
  const { defaultDevice, init } = await import("@jax-js/jax");
  await init("webgpu");
  defaultDevice("webgpu");
  return counts;
}

function startWebAssembly() {
  installThreads(1);
  return undefined;
}
