/** Whether there is a graphics card, asked for in a process of its own: WebGPU stays in a process that has had it. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import type { WebgpuAdapter } from "@softdraw/threads/webgpu";

export type Found = { readonly adapter: WebgpuAdapter } | { readonly missing: string };

const PROGRAM = `
  const { installWebgpu } = await import("@softdraw/threads/webgpu");
  const found = await installWebgpu().then((adapter) => ({ adapter }), ({ message }) => ({ missing: message }));
  console.log(JSON.stringify(found));
`;

let found: Found | undefined;

export function findAdapter(): Found {
  found ??= ask();
  return found;
}

function ask(): Found {
  const args = [...RUN_SOURCES, "--input-type=module", "--eval", PROGRAM];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  return stdout === "" ? { missing: `WebGPU ends the program that asks for it: ${stderr}` } : JSON.parse(stdout);
}
