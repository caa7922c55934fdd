/**
 * WebGPU in Node for the engine jax-js, by Dawn, which is npm's package `webgpu`. A page has WebGPU by itself.
 *
 * @module
 */

import { type Gpu, type GpuAdapter, type GpuDevice, loadDawn, SYSTEM_NEEDS, WebgpuUnavailable } from "./dawn.ts";
import { newWatch } from "./fallback.ts";
import { counts, type WebgpuCounts } from "./webgpu-counts.ts";
import { watchDevice } from "./webgpu-failure.ts";
import { issueLess } from "./webgpu-issue.ts";

export { WebgpuUnavailable } from "./dawn.ts";
export type { WebgpuCounts } from "./webgpu-counts.ts";
export { WebgpuFailure, type WebgpuFailureKind } from "./webgpu-failure.ts";

/** What computes: a graphics card, or a program in its place. */
export interface WebgpuAdapter {
  /** As it calls itself, such as "nvidia-h200". */
  readonly name: string;
  /** Who made it, such as "nvidia". */
  readonly vendor: string;
  /** Whether it is a program on the processor: right, and slower than WebAssembly. */
  readonly software: boolean;
  /** Bytes of the largest array. */
  readonly largestArray: number;
  /** Bytes that the threads of a workgroup share. */
  readonly workgroupMemory: number;
  /** Threads of a workgroup, at most. */
  readonly workgroupThreads: number;
}

/** What was asked of WebGPU since the program began, by devices that were made after `installWebgpu`. */
export function webgpuCounts(): WebgpuCounts {
  return { ...counts };
}

/** Everybody who asks for WebGPU gets the same. */
let installing: Promise<WebgpuAdapter> | undefined;

/**
 * Puts WebGPU where the engine looks for it, `navigator.gpu`. To be called before the engine's `init("webgpu")`; the engine
 * may be imported before or after. A second call changes nothing and returns the same; one after a call that failed tries
 * again.
 *
 * What goes wrong on the device later, a device that is lost or without memory, is thrown as a `WebgpuFailure` by whatever
 * reads an array next. Without that, the engine would go on and read zeros.
 *
 * @returns the adapter that the engine will take
 * @throws WebgpuUnavailable where the package `webgpu` is not installed, or the system lacks what it needs, or there is no
 *   adapter; the message says what to install
 */
export function installWebgpu(): Promise<WebgpuAdapter> {
  installing ??= install().catch((error) => {
    installing = undefined;
    throw error;
  });
  return installing;
}

async function install(): Promise<WebgpuAdapter> {
  const gpu = offeredGpu() ?? (await offerDawn());
  // As the engine asks for it, so that it is the same one.
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new WebgpuUnavailable(`WebGPU finds no graphics card, nor a program in its place. ${SYSTEM_NEEDS}`);
  prepareDevices(adapter);
  return factsOf(adapter);
}

/** Has every device of an adapter's kind prepared from now on. */
function prepareDevices(adapter: GpuAdapter): void {
  const kind = Object.getPrototypeOf(adapter) as { requestDevice(descriptor?: object): Promise<GpuDevice> };
  const { requestDevice } = kind;
  kind.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    watchDevice(device);
    issueLess(device as unknown as GPUDevice, newWatch());
    return device;
  };
}

/** What a newer Node, or another program, has put there. */
function offeredGpu(): Gpu | undefined {
  return (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
}

/**
 * Upstream: the engine asks for `navigator.userAgent` and the global constants of WebGPU too. Node has a `navigator` from
 * version 21 on, without WebGPU.
 */
async function offerDawn(): Promise<Gpu> {
  const { create, globals } = await loadDawn();
  const gpu = create([]);
  Object.assign(globalThis, globals);
  const place = globalThis.navigator ?? { userAgent: `Node.js/${process.versions.node.split(".")[0]}` };
  Object.defineProperty(place, "gpu", { value: gpu, configurable: true, enumerable: true });
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, "navigator", { value: place, configurable: true, enumerable: true });
  }
  return gpu;
}

function factsOf({ info, limits }: GpuAdapter): WebgpuAdapter {
  return {
    name: info.device || info.description || info.architecture || "unnamed",
    vendor: info.vendor,
    software: info.isFallbackAdapter,
    largestArray: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
    workgroupMemory: limits.maxComputeWorkgroupStorageSize,
    workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
  };
}
