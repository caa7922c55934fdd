/** `softdraw tour [EXPERIMENT]`: one model after the other, each in a short configuration. */

import { join, relative } from "node:path";
import { type BaseConfig, type Experiment, experimentFor, type TrainingEvent } from "@softdraw/experiments/experiment";
import type { OverviewPart } from "@softdraw/experiments/report/html";
import Table from "cli-table3";
import { Argument, type Command } from "commander";
import { formatDuration, formatResult } from "../report/numbers.ts";
import { writeAtomically } from "../runs/files.ts";
import { kebab } from "../training/command.ts";
import { loadData } from "../training/data.ts";
import type { Reporter } from "../training/reporter.ts";
import { beginRun, type Finished, trainRun } from "../training/training.ts";
import { addCommonOptions, begin, type CommonOptions, RUNS_FOLDER } from "./common-options.ts";
import { checkOutDir } from "./out-file.ts";
import { oneOf } from "./parsers.ts";
import { findExperiment } from "./run-folders.ts";
import { stopOnSignal } from "./signals.ts";

/** In the order of the tour: what each experiment is set to, and what share of the time it takes. */
export const TOUR: readonly Part[] = [
  { name: "vae", values: { epochs: 4 }, share: 3 },
  { name: "dknn", values: { epochs: 2 }, share: 8 },
  { name: "jigsaw", values: { epochs: 2 }, share: 4 },
  { name: "explain", values: { epochs: 6 }, share: 2 },
  // Soft draws at first, so that the decoder learns how particles move before the encoder is sure of who moves them.
  {
    name: "graphs",
    values: { particles: 4, epochs: 5, learningRateDecay: "none", temperature: 3, schedule: "cosine" },
    share: 4,
  },
];

export interface Part {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly share: number;
}

type Options = CommonOptions & { readonly runsDir: string };

export function addTour(program: Command): void {
  addTourOf(program, TOUR);
}

/** The command for other parts than those of the tour. */
export function addTourOf(program: Command, parts: readonly Part[]): void {
  const names = parts.map(({ name }) => name);
  const command = program
    .command("tour")
    .addArgument(new Argument("[experiment]", "only this one").choices(names).argParser(oneOf(names)))
    .option("--runs-dir <path>", "folder of the run folders, and of the tour's report", RUNS_FOLDER);
  const settings = parts.map(({ name, values }) => `\n  ${`softdraw tour ${name}`.padEnd(22)}  ${describe(values)}`);
  addCommonOptions(command)
    .addHelpText(
      "after",
      `\nExamples:\n  softdraw tour\n  softdraw tour explain\n\nThe defaults of softdraw train, but shorter:${settings.join("")}\n
Each is a run as softdraw train makes it, to be resumed, evaluated and listed. The report of all is report.html.`,
    )
    .action((only: string | undefined, options: Options) => tour(parts, only, options));
}

function describe(values: Part["values"]): string {
  return Object.entries(values)
    .map(([name, value]) => `--${kebab(name)} ${value}`)
    .join(" ");
}

async function tour(parts: readonly Part[], only: string | undefined, options: Options): Promise<void> {
  const chosen = parts.filter(({ name }) => only === undefined || name === only);
  await checkOutDir("--runs-dir", options.runsDir, [OVERVIEW], "report");
  const reporter = await begin(options, ...longest(chosen));
  const stop = stopOnSignal(reporter);
  const total = chosen.reduce((sum, { share }) => sum + share, 0);
  const stops: Stop[] = [];
  try {
    let done = 0;
    for (const part of chosen) {
      const position = `${stops.length + 1} of ${chosen.length}`;
      stops.push(
        await trainPart(part, options, partReporter(reporter, part, position, done / total, part.share / total), stop),
      );
      done += part.share;
    }
    const report = await writeOverview(options.runsDir, stops);
    reporter.say(`${tourTable(stops)}\nReport: ${report}`);
    reporter.record("tour", { report, runs: stops.map(({ path }) => path) });
  } finally {
    reporter.close();
  }
}

/** The part that takes longest, with its configuration: its device is that of all, because a process has but one. */
function longest(chosen: readonly Part[]): [Experiment, BaseConfig] {
  const { name, values } = chosen.reduce((a, b) => (b.share > a.share ? b : a));
  const family = findExperiment(name);
  const config = family.schema.parse(values);
  return [experimentFor(family, config), config];
}

/** A part of the tour that has been trained. */
interface Stop extends Finished {
  readonly run: string;
  readonly seconds: number;
}

async function trainPart(
  { name, values }: Part,
  { runsDir }: Options,
  reporter: Reporter,
  stop: AbortSignal,
): Promise<Stop> {
  const started = performance.now();
  const family = findExperiment(name);
  const config = family.schema.parse(values);
  const experiment = experimentFor(family, config);
  const data = await loadData(config, reporter);
  const run = await beginRun(runsDir, family, config);
  try {
    reporter.record("run", { run: run.path, command: run.info.command });
    const finished = await trainRun({ run, experiment, config, data, reporter, stop });
    return { ...finished, run: run.path, seconds: (performance.now() - started) / 1000 };
  } finally {
    await run.close();
  }
}

/** The reporter of one part: it moves that part's share of the tour's one bar, and passes on records, but no table and no lines. */
function partReporter(reporter: Reporter, { name }: Part, position: string, from: number, share: number): Reporter {
  const title = findExperiment(name).title;
  reporter.say(`${position}: ${title}`);
  return {
    ...reporter,
    say: () => {},
    epoch: (record) => reporter.record("epoch", { experiment: name, ...record }),
    results: (results) => reporter.record("result", { experiment: name, results }),
    step({ epoch, epochs, step, steps }: TrainingEvent) {
      const done = (epoch - 1 + step / steps) / epochs;
      reporter.progress(Math.round(PARTS_OF_BAR * (from + share * done)), PARTS_OF_BAR, `${position}: ${title}`);
    },
  };
}

const PARTS_OF_BAR = 1000;

function tourTable(stops: readonly Stop[]): string {
  const table = new Table({
    head: ["what was trained", "result", "time", "picture"],
    style: { head: [], border: [], compact: true },
  });
  for (const { report, results, run, seconds } of stops) {
    const [first] = results;
    const result = first ? `${first.name} ${formatResult(first)}` : "";
    const [picture] = report.pictures;
    table.push([report.title, result, formatDuration(seconds), picture ? join(run, picture.file) : ""]);
  }
  return table.toString();
}

/** One page of all parts, in the folder of the runs. */
const OVERVIEW = "report.html";

async function writeOverview(runsDir: string, stops: readonly Stop[]): Promise<string> {
  const { renderOverview } = await import("@softdraw/experiments/report/html");
  const file = join(runsDir, OVERVIEW);
  const overview = stops.map(({ report, path, seconds }): OverviewPart => {
    const href = relative(runsDir, path).split("\\").join("/");
    return { report, time: formatDuration(seconds), href };
  });
  const title = "A tour of Softdraw";
  const summary = "Models that learn through discrete choices, each trained for a short while.";
  await writeAtomically(file, renderOverview({ title, summary, parts: overview }));
  return file;
}
