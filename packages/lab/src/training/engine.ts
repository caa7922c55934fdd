/** The engine's device and threads, as the command line chooses them. */

import { defaultThreads, installThreads } from "@softdraw/threads";

export const devices = ["wasm", "cpu"] as const;
export type Device = (typeof devices)[number];

let threads = 1;
let device: Device = "wasm";

/**
 * Prepares threads as the arguments ask for. It has to come before everything that imports the engine, and so before the
 * arguments are parsed: what is wrong with them is said then.
 *
 * Upstream: the engine makes its memory and its pool when it is imported, and cannot be told later.
 */
export function prepareThreads(args: readonly string[]): void {
  const at = args.findLastIndex((arg) => arg === "--threads" || arg.startsWith("--threads="));
  const text = at < 0 ? undefined : (args[at]!.split("=")[1] ?? args[at + 1]);
  const asked = text === undefined ? defaultThreads() : Number(text);
  threads = Number.isInteger(asked) && asked >= 1 && asked <= MOST_THREADS ? asked : 1;
  installThreads(threads);
}

export const MOST_THREADS = 64;

/** Makes `name` the device of all arrays. */
export async function useDevice(name: Device): Promise<void> {
  const { defaultDevice } = await import("@jax-js/jax");
  defaultDevice(name);
  device = name;
}

/** Such as "jax-js on wasm, 2 threads, Node.js 20.20.2". */
export function engineDescription(): string {
  const count = device === "wasm" ? `, ${threads} thread${threads === 1 ? "" : "s"}` : "";
  return `jax-js on ${device}${count}, Node.js ${process.versions.node}`;
}
