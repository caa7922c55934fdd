/** The engine's device and threads, as the command line chooses them. */

import { defaultThreads, installFastHashing, installThreads } from "@softdraw/threads";
import { installWebgpu, type WebgpuAdapter } from "@softdraw/threads/webgpu";
import { hasCard, likelyFastest, type Work } from "./fastest-device.ts";

export const devices = ["wasm", "cpu", "webgpu"] as const;
export type Device = (typeof devices)[number];

/** What can be asked for: a device, or the one that is likely to be the fastest. */
export const deviceChoices = [...devices, "auto"] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

/** What computes: the device, and the graphics card where that is one. */
export interface UsedDevice {
  readonly device: Device;
  readonly adapter?: string;
}

let threads = 1;
let used: UsedDevice = { device: "wasm" };

/**
 * Prepares threads as the arguments ask for. It has to come before everything that imports the engine, and so before the
 * arguments are parsed: what is wrong with them is said then. No other device than wasm computes with them.
 *
 * Upstream: the engine makes its memory and its pool when it is imported, and cannot be told later.
 */
export function prepareThreads(args: readonly string[]): void {
  const text = valueOf(args, "--threads");
  const asked = text === undefined ? defaultThreads() : Number(text);
  const isNumber = Number.isInteger(asked) && asked >= 1 && asked <= MOST_THREADS;
  const mayBeWasm = ["wasm", "auto"].includes(valueOf(args, "--device") ?? "wasm");
  threads = isNumber && mayBeWasm ? asked : 1;
  installThreads(threads);
}

export const MOST_THREADS = 64;

/** What follows an option's name, where it stands last. */
function valueOf(args: readonly string[], name: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  return at < 0 ? undefined : (args[at]!.split("=")[1] ?? args[at + 1]);
}

/**
 * Makes a device that of all arrays, for as long as the process lives.
 *
 * Upstream: what was compiled on WebGPU keeps its constants there, and another device reads them synchronously, which Node
 * cannot.
 *
 * @param work what is to be computed, by which `auto` is chosen
 * @throws Error that says what is missing, where there is no such device
 */
export async function useDevice(choice: DeviceChoice, work?: Work): Promise<void> {
  const device = choice === "auto" ? await likelyFastest(work) : choice;
  const adapter = device === "webgpu" ? describeAdapter(await installWebgpu()) : undefined;
  const { defaultDevice, init, makeJaxpr } = await import("@jax-js/jax");
  installFastHashing({ makeJaxpr });
  if (adapter !== undefined && !(await init("webgpu")).includes("webgpu")) {
    throw new Error(`${adapter} gives the engine no device. softdraw devices says what there is.`);
  }
  defaultDevice(device);
  used = { device, ...(adapter !== undefined && { adapter }) };
}

/**
 * The device for processes that will compute what is not known yet: there `auto` is a graphics card if this machine has one.
 *
 * @throws Error that says what is missing, where there is no such device
 */
export async function deviceOfOthers(choice: DeviceChoice): Promise<Device> {
  if (choice === "auto") return (await hasCard()) ? "webgpu" : "wasm";
  if (choice === "webgpu") await installWebgpu();
  return choice;
}

/** What arrays are on. */
export function usedDevice(): UsedDevice {
  return used;
}

/** Such as "nvidia-h200, nvidia". */
export function describeAdapter({ name, vendor, software }: WebgpuAdapter): string {
  return [name, vendor, software ? "software" : ""].filter((word) => word !== "").join(", ");
}

/** Such as "jax-js on wasm, 2 threads, Node.js 20.20.2". */
export function engineDescription(): string {
  const { device, adapter } = used;
  const count = device === "wasm" ? `, ${threads} thread${threads === 1 ? "" : "s"}` : "";
  const card = adapter === undefined ? "" : ` (${adapter})`;
  return `jax-js on ${device}${card}${count}, Node.js ${process.versions.node}`;
}
