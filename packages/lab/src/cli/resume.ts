/** `softdraw resume RUN` */

import type { Command } from "commander";
import { openRun } from "../runs/run.ts";
import { loadData } from "../training/data.ts";
import { trainRun } from "../training/training.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { openRunToRead, readRunConfig } from "./run-folders.ts";
import { stopOnSignal } from "./signals.ts";

export function addResume(program: Command): void {
  const command = program
    .command("resume")
    .argument("<run>", "run folder")
    .description(
      "continue a training that was stopped, to the same bytes as if it had not been, if on the same device",
    );
  addCommonOptions(command)
    .addHelpText("after", "\nExample:\n  softdraw resume runs/vae-2026-01-31-4k7m2q")
    .action(resume);
}

async function resume(path: string, options: CommonOptions): Promise<void> {
  const { experiment, config } = readRunConfig(await openRunToRead(path));
  const reporter = await begin(options, experiment, config);
  try {
    const data = await loadData(config, reporter);
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
