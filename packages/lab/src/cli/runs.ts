/** `softdraw runs` */

import { readdir } from "node:fs/promises";
import { experiments } from "@softdraw/experiments/all";
import { type BaseConfig, experimentFor } from "@softdraw/experiments/experiment";
import { foreignText, printable } from "@softdraw/experiments/foreign-text";
import { describeDivergence } from "@softdraw/experiments/training/divergence";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { formatResult } from "../report/numbers.ts";
import { type DamagedRun, listRuns, type RunSummary } from "../runs/run.ts";
import { RUNS_FOLDER } from "./common-options.ts";

export function addRuns(program: Command): void {
  program
    .command("runs")
    .option("--runs-dir <path>", "folder of the run folders", RUNS_FOLDER)
    .option("--json", "print one JSON record a line")
    .addHelpText("after", "\nExample:\n  softdraw runs --runs-dir /data/runs")
    .action(list);
}

async function list({ runsDir, json }: { runsDir: string; json?: boolean }): Promise<void> {
  const notReadable = await readdir(runsDir).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : error),
  );
  if (notReadable) throw new Error(`cannot read the runs in ${runsDir}: ${notReadable.message}`);
  const { runs, damaged } = await listRuns(runsDir, (line) => console.error(printable(line)));
  if (json) {
    for (const run of runs) console.log(JSON.stringify({ type: "run", ...run }));
    for (const run of damaged) console.log(JSON.stringify({ type: "run", ...run, state: "damaged" }));
  } else if (runs.length + damaged.length === 0) {
    console.log(`No runs in ${runsDir}. Make one with: softdraw train vae`);
  } else {
    console.log(table(runs, damaged));
    for (const { reason } of damaged) console.log(`damaged: ${printable(reason)}`);
  }
}

/** Damaged runs stand below the others: when they began is not known. What is wrong with them is too long for a table. */
function table(runs: readonly RunSummary[], damaged: readonly DamagedRun[]): string {
  const rows = new Table({ head: ["run", "state", "device", "epochs", "result"], style: { head: [], border: [] } });
  for (const run of runs) {
    rows.push([foreignText(run.name), run.state, devicesOf(run), run.epochs, outcome(run)]);
  }
  for (const { name } of damaged) rows.push([foreignText(name), "damaged", "", "", ""]);
  return rows.toString();
}

/** All that have trained it, the first one first. */
function devicesOf({ devices = [] }: RunSummary): string {
  return [...new Set(devices.map(({ device }) => foreignText(device)))].join(", ");
}

function outcome({ experiment: name, config, metrics, result: stored, divergence, state }: RunSummary): string {
  if (state === "diverged" && divergence) return describeDivergence(divergence);
  const experiment = experiments.find((candidate) => candidate.name === name);
  if (!experiment) return storedOutcome(stored);
  if (!metrics) return "";
  const [result] = experimentFor(experiment, config as Partial<BaseConfig> as BaseConfig).results([metrics]);
  return result ? `${result.name} ${formatResult(result)}` : "";
}

/** What a run wrote of its first result. Of an experiment of one's own no more is known: to list a run does not load its module. */
function storedOutcome(stored: object | undefined): string {
  const { data } = StoredResults.safeParse(stored);
  const result = data?.results[0];
  if (result === undefined) return "";
  const { name, value, digits, unit } = result;
  return `${foreignText(name)} ${formatResult({ value, digits, ...(unit !== undefined && { unit: foreignText(unit) }) })}`;
}

const StoredResults = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      value: z.number(),
      digits: z.int().min(0).max(20),
      unit: z.string().optional(),
    }),
  ),
});
