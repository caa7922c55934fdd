/** `softdraw devices` */

import { defaultThreads } from "@softdraw/threads";
import { installWebgpu, type WebgpuAdapter, WebgpuUnavailable } from "@softdraw/threads/webgpu";
import type { Command } from "commander";
import { formatNumber } from "../report/numbers.ts";
import { type Device, describeAdapter } from "../training/engine.ts";

/** A device that can be asked for by `--device`. */
interface Listed {
  readonly device: Device;
  readonly available: boolean;
  /** What it is, or what is missing. */
  readonly description: string;
  readonly threads?: number;
  readonly adapter?: WebgpuAdapter;
}

export function addDevices(program: Command): void {
  program
    .command("devices")
    .option("--json", "print one JSON record a line")
    .addHelpText("after", "\nExample:\n  softdraw devices")
    .action(list);
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const listed = [wasm(), cpu, await webgpu()];
  for (const { ...record } of listed) {
    if (json) console.log(JSON.stringify({ type: "device", ...record }));
    else console.log(`${record.device.padEnd(NAME_WIDTH)}${record.description}`);
  }
}

const NAME_WIDTH = 8;

function wasm(): Listed {
  const threads = defaultThreads();
  const description = `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"} unless --threads says otherwise; the default`;
  return { device: "wasm", available: true, description, threads };
}

const cpu: Listed = { device: "cpu", available: true, description: "plain JavaScript: slow, to compare with" };

async function webgpu(): Promise<Listed> {
  try {
    const adapter = await installWebgpu();
    return { device: "webgpu", available: true, description: describeWebgpu(adapter), adapter };
  } catch (error) {
    if (!(error instanceof WebgpuUnavailable)) throw error;
    return { device: "webgpu", available: false, description: `not available. ${error.message}` };
  }
}

function describeWebgpu(adapter: WebgpuAdapter): string {
  const { software, largestArray, workgroupThreads, workgroupMemory } = adapter;
  const limits =
    `arrays of up to ${formatNumber(largestArray / 2 ** 20, 0)} MiB, workgroups of up to ${workgroupThreads} threads with ` +
    `${formatNumber(workgroupMemory / 2 ** 10, 0)} KiB`;
  const warning = software ? "; no graphics card but a program: right, slower than wasm, and never what auto is" : "";
  return `${describeAdapter(adapter)}: ${limits}${warning}`;
}
