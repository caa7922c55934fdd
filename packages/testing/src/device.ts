/**
 * What the library's tests compute on: the device that the environment names, and WebAssembly if it names none. They read
 * asynchronously, because WebGPU in Node has no other way.
 */

import type { Device, numpy as np } from "@jax-js/jax";

export const device: "wasm" | "webgpu" = process.env.SOFTDRAW_DEVICE === "webgpu" ? "webgpu" : "wasm";

/** The devices whose numbers are compared with float64. What has computed on WebGPU computes on no other device. */
export const devices: Device[] = device === "webgpu" ? ["webgpu"] : ["cpu", "wasm"];

export async function values(x: np.Array): Promise<number[]> {
  return [...(await x.data())];
}

/** The numbers of some arrays, one after another. */
export async function valuesOfAll(arrays: np.Array[]): Promise<number[]> {
  return (await Promise.all(arrays.map(values))).flat();
}
