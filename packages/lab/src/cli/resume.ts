/** `softdraw resume RUN` */

import type { Command } from "commander";
import { openRun, type Run } from "../runs/run.ts";
import { loadData } from "../training/data.ts";
import { type Device, devices } from "../training/engine.ts";
import { trainRun } from "../training/training.ts";
import { addOptionsToGoOn, begin, type CommonOptions } from "./common-options.ts";
import { dataOption, openRunToRead, readRunConfig, withDataAt } from "./run-folders.ts";
import { stopOnSignal } from "./signals.ts";

export function addResume(program: Command): void {
  const command = program.command("resume").argument("<run>", "run folder");
  addOptionsToGoOn(command.addOption(dataOption()))
    .addHelpText("after", "\nExample:\n  softdraw resume runs/vae-2026-01-31-4k7m2q")
    .action(resume);
}

type Options = Omit<CommonOptions, "device"> & Partial<Pick<CommonOptions, "device">> & { readonly data?: string };

async function resume(path: string, options: Options): Promise<void> {
  const stopped = await openRunToRead(path);
  const { experiment, config } = await readRunConfig(stopped);
  const { device = await lastDevice(stopped) } = options;
  const reporter = await begin({ ...options, device }, experiment, config);
  try {
    const data = await loadData(withDataAt(config, options.data), reporter);
    const run = await openRun(path, { lock: true });
    try {
      reporter.record("run", { run: run.path, command: run.info.command });
      await trainRun({ run, experiment, config, data, reporter, stop: stopOnSignal(reporter) });
    } finally {
      await run.close();
    }
  } finally {
    reporter.close();
  }
}

async function lastDevice(run: Run): Promise<Device> {
  const last = (await run.readDevices()).at(-1)?.device;
  return devices.find((device) => device === last) ?? "wasm";
}
