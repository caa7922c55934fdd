/** Before a test file that is to compute on WebGPU: it computes on that and on nothing else. */

import { installWebgpu } from "@softdraw/threads/webgpu";

await installWebgpu();
const { defaultDevice, init } = await import("@jax-js/jax");
await init("webgpu");
defaultDevice("webgpu");
