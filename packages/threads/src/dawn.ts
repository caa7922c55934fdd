/** What this package uses of npm's `webgpu`. Its own types are there only where it is installed. */

/** There is no WebGPU: the message says what is missing, and what to do about it. */
export class WebgpuUnavailable extends Error {
  override readonly name = "WebgpuUnavailable";
}

interface Dawn {
  create(options: readonly string[]): Gpu;
  /** Classes and constants that a page has as globals. */
  readonly globals: Readonly<Record<string, unknown>>;
}

export interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" }): Promise<GpuAdapter | null>;
}

export interface GpuAdapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter: boolean;
  };
  readonly limits: {
    readonly maxBufferSize: number;
    readonly maxStorageBufferBindingSize: number;
    readonly maxComputeWorkgroupStorageSize: number;
    readonly maxComputeInvocationsPerWorkgroup: number;
  };
}

export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(type: "uncapturederror", listener: (event: UncapturedErrorEvent) => void): void;
  createBuffer(descriptor: object): GpuBuffer;
}

export interface UncapturedErrorEvent extends Event {
  readonly error: Error;
}

export interface GpuBuffer {
  mapAsync(mode: number, ...range: number[]): Promise<void>;
}

/** Such a name is resolved when it is wanted, and by no compiler or bundler. */
const PACKAGE: string = "webgpu";

export const SYSTEM_NEEDS =
  "On Linux it needs glibc 2.34 or later, libvulkan (libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora), and the " +
  "graphics card's Vulkan driver, which VK_DRIVER_FILES may name.";

/** @throws WebgpuUnavailable where it is not installed, or cannot be loaded on this system */
export async function loadDawn(): Promise<Dawn> {
  try {
    return await import(/* @vite-ignore */ PACKAGE);
  } catch (error) {
    throw new WebgpuUnavailable(`${whyNot(error as NodeJS.ErrnoException)} ${SYSTEM_NEEDS}`, { cause: error });
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ERR_MODULE_NOT_FOUND") return "WebGPU in Node needs the package webgpu: npm install webgpu.";
  const [reason] = message.split("\n");
  return `The package webgpu cannot be loaded on this system: ${reason}.`;
}
