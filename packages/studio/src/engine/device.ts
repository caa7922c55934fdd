/** Which device the engine runs on, and why not on another. */

import { defaultDevice, init, makeJaxpr } from "@jax-js/jax";
import { installFastHashing } from "@softdraw/threads/page";
import { installWebgpu, WebgpuUnavailable } from "@softdraw/threads/webgpu";
import type { DeviceChoice, EngineFacts } from "./device-choice.ts";

/** Starts the engine and says on what. */
export async function startEngine(choice: DeviceChoice): Promise<EngineFacts> {
  const reason = await whyNotWebgpu(choice);
  const isGpu = reason === undefined && (await init("webgpu")).includes("webgpu");
  if (!isGpu) await init("wasm");
  defaultDevice(isGpu ? "webgpu" : "wasm");
  installFastHashing({ makeJaxpr });
  if (isGpu) return { device: "webgpu", threads: 1 };
  const isShared = typeof SharedArrayBuffer !== "undefined";
  return {
    device: "wasm",
    threads: isShared ? (navigator.hardwareConcurrency ?? 1) : 1,
    whyNotWebgpu: reason ?? "The adapter gave no device.",
    ...(isShared
      ? {}
      : { whyOneThread: "The page is not isolated from other origins, so its threads share no memory." }),
  };
}

async function whyNotWebgpu(choice: DeviceChoice): Promise<string | undefined> {
  if (choice === "wasm") return "WebAssembly was asked for.";
  if (!("gpu" in navigator)) return "This browser offers no WebGPU here.";
  const adapter = await installWebgpu().catch((error) => {
    if (error instanceof WebgpuUnavailable) return undefined;
    throw error;
  });
  if (!adapter) return "This browser has WebGPU, but no adapter.";
  if (adapter.software && choice === "auto") return "The only adapter is a software one, slower than WebAssembly.";
  return undefined;
}
