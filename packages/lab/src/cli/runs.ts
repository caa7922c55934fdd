/** `softdraw runs` */

import { experiments } from "@softdraw/experiments/all";
import { type BaseConfig, type EpochRecord, experimentFor } from "@softdraw/experiments/experiment";
import Table from "cli-table3";
import type { Command } from "commander";
import { listRuns, type RunSummary } from "../runs/run.ts";
import { formatResult } from "./output.ts";
import { RUNS_FOLDER } from "./shared.ts";

export function addRuns(program: Command): void {
  program
    .command("runs")
    .description("list the runs with their results")
    .option("--runs-dir <path>", "folder of the run folders", RUNS_FOLDER)
    .option("--json", "print one JSON record a line")
    .addHelpText("after", "\nExample:\n  softdraw runs --runs-dir /data/runs")
    .action(list);
}

async function list({ runsDir, json }: { runsDir: string; json?: boolean }): Promise<void> {
  const runs = await listRuns(runsDir, (line) => console.error(line));
  if (json) for (const run of runs) console.log(JSON.stringify({ type: "run", ...run }));
  else if (runs.length === 0) console.log(`No runs in ${runsDir}. Make one with: softdraw train vae`);
  else console.log(table(runs));
}

function table(runs: readonly RunSummary[]): string {
  const rows = new Table({ head: ["run", "state", "epochs", "result"], style: { head: [], border: [] } });
  for (const run of runs) rows.push([run.name, run.state, run.epochs, headline(run)]);
  return rows.toString();
}

function headline({ experiment: name, config, metrics }: RunSummary): string {
  const experiment = experiments.find((candidate) => candidate.name === name);
  if (!metrics || !experiment) return "";
  const [result] = experimentFor(experiment, config as BaseConfig).results([metrics as EpochRecord]);
  return result ? `${result.name} ${formatResult(result)}` : "";
}
