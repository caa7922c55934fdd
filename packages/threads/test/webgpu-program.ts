/** Computes on WebGPU, then has the device fail in the way that the first argument says, and reads again. Prints what came of it. */

import { getWebGPUDevice, init, numpy as np } from "@jax-js/jax";
import { installWebgpu, type WebgpuFailure } from "../src/webgpu.ts";

/** More than any device allows in one array: 64 GiB, of which none is written. */
const TOO_LARGE = 2 ** 36;

const [way] = process.argv.slice(2);
const adapter = await installWebgpu();
const again = await installWebgpu();
await init("webgpu");
const ones = np.ones([1000], { device: "webgpu" });
const sum = await ones.ref.sum().data();
const device = getWebGPUDevice();
if (way === "lost") device.destroy();
if (way === "refused") device.createBuffer({ size: TOO_LARGE, usage: GPUBufferUsage.STORAGE });
const errors: string[] = [];
if (way !== "sound") {
  for (let i = 0; i < 2; i++) {
    await ones.ref.data().catch(({ name, kind, message }: WebgpuFailure) => errors.push(`${name} ${kind}: ${message}`));
  }
}
console.log(JSON.stringify({ adapter, same: adapter === again, sum: [...sum], errors }));
