/** WebGPU in Node for tests: npm's `webgpu`, which no lock file has, on the software adapter that comes with Debian's chromium. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";

const ADAPTER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const LOADERS = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((folder) => `/usr/lib/${folder}/libvulkan.so.1`);

/**
 * The environment in which a process finds the software adapter, and no graphics card: numbers are the same everywhere then.
 * Where Wayland's library is installed the adapter looks for a display, and prints a line where there is no folder to look in.
 */
export const SOFTWARE_ADAPTER = { VK_DRIVER_FILES: ADAPTER, XDG_RUNTIME_DIR: tmpdir() } as const;

/** Whether there is no WebGPU for tests here; says so, because they are left out then. */
export function lacksWebgpu(what: string): boolean {
  const missing = [
    ...(isInstalled("webgpu") ? [] : ["the package webgpu (npm install --no-save webgpu)"]),
    ...(existsSync(ADAPTER) ? [] : [ADAPTER]),
    ...(LOADERS.some(existsSync) ? [] : ["libvulkan1"]),
  ];
  if (missing.length > 0) console.log(`${what} on WebGPU is not tried: there is no ${missing.join(", no ")}.`);
  return missing.length > 0;
}

/** Node's arguments for a process in which nobody has installed `webgpu`, whether it is there or not. */
export const WITHOUT_PACKAGE = [
  "--import",
  moduleOf(`import { register } from "node:module"; register("${hooks()}");`),
];

function hooks(): string {
  return moduleOf(`
    export async function resolve(name, context, next) {
      if (name !== "webgpu") return next(name, context);
      throw Object.assign(new Error("Cannot find package 'webgpu'"), { code: "ERR_MODULE_NOT_FOUND" });
    }`);
}

function moduleOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
