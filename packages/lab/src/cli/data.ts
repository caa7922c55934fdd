/** `softdraw data list | fetch | verify | describe` */

import { resolve } from "node:path";
import { type DatasetName, datasetNames } from "@softdraw/experiments/data/types";
import { foreignText } from "@softdraw/experiments/foreign-text";
import Table from "cli-table3";
import { Argument, type Command } from "commander";
import { describeDatasets, loadDataset, verifyDataset } from "../data/datasets.ts";
import { kindAt } from "../data/kinds.ts";
import { formatNumber } from "../report/numbers.ts";
import { quote } from "../training/command.ts";
import { textReporter } from "./output.ts";
import { oneOf } from "./parsers.ts";

export function addData(program: Command): void {
  const data = program.command("data");
  data.addHelpText("after", "\nExample:\n  softdraw data fetch fashion-mnist");
  data
    .command("list")
    .description("which data sets there are, and where")
    .option("--json", "print one JSON record a line")
    .addHelpText("after", "\nExample:\n  softdraw data list --json | jq .path")
    .action(list);
  data
    .command("fetch")
    .addArgument(nameArgument())
    .description("download a data set into the cache")
    .addHelpText("after", "\nExample:\n  softdraw data fetch mnist")
    .action(fetchDataset);
  data
    .command("verify")
    .addArgument(nameArgument())
    .description("check the structure and the checksums of a data set's files")
    .option("--data-dir <path>", "folder with the IDX files, default the cache")
    .addHelpText("after", "\nExample:\n  softdraw data verify mnist --data-dir ~/data/mnist")
    .action(verify);
  data
    .command("describe")
    .argument("<path>", "one's own data: what --data takes for a path")
    .description("say what there is at a path: counts, sizes, classes, values, what is left out and why")
    .option("--json", "print one JSON record")
    .addHelpText("after", "\nExample:\n  softdraw data describe photographs")
    .action(describe);
}

function nameArgument(): Argument {
  return new Argument("<name>", "data set").choices(datasetNames).argParser(oneOf(datasetNames));
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const datasets = await describeDatasets();
  if (json) {
    for (const dataset of datasets) console.log(JSON.stringify({ type: "dataset", ...dataset }));
    return;
  }
  const table = new Table({
    head: ["data set", "state", "train", "test", "MB", "folder"],
    style: { head: [], border: [] },
  });
  for (const { name, state, train, test, bytes, path } of datasets) {
    table.push([name, state, formatNumber(train, 0), formatNumber(test, 0), (bytes / 1e6).toFixed(1), path]);
  }
  console.log(table.toString());
}

async function fetchDataset(name: DatasetName): Promise<void> {
  const reporter = textReporter([], process.stdout, process.stderr.isTTY === true);
  try {
    const { train, test } = await loadDataset(name, {
      onProgress: (_, done, total) => reporter.progress(done, total ?? done),
    });
    reporter.say(
      `${name}: ${formatNumber(train.count, 0)} training and ${formatNumber(test.count, 0)} test images are here.`,
    );
  } finally {
    reporter.close();
  }
}

async function describe(path: string, { json }: { json?: boolean }): Promise<void> {
  const { kind, place } = await kindAt(path);
  const name = await kind.nameOf(place);
  const { lines, record, checksum, leftOut, example } = await kind.describe(place);
  const call = "first" in example ? undefined : `${example.command} ${quote(path)}${example.options}`;
  if (json) {
    console.log(
      JSON.stringify({ type: "data", path: resolve(path), name, ...record, checksum, leftOut, example: call }),
    );
    return;
  }
  const all = [
    ["name", name],
    ...lines,
    ["SHA-256", checksum],
    ["left out", leftOut.length === 0 ? "nothing" : ""],
  ] as const;
  const width = Math.max(...all.map(([what]) => what.length)) + 2;
  for (const [what, value] of all) console.log(`${what.padEnd(width)}${foreignText(value, LONGEST_LINE)}`.trimEnd());
  for (const { what, why } of leftOut) console.log(`  ${foreignText(what)}: ${foreignText(why)}`);
  console.log(`\nTo use it: ${"first" in example ? example.first : call}`);
}

/** A line may list classes, whose names are other people's. */
const LONGEST_LINE = 2000;

async function verify(name: DatasetName, { dataDir }: { dataDir?: string }): Promise<void> {
  const verdicts = await verifyDataset(name, { dataDir });
  for (const { path, problem } of verdicts) console.log(problem ? `wrong  ${problem}` : `sound  ${path}`);
  const wrong = verdicts.filter(({ problem }) => problem !== undefined).length;
  if (wrong > 0) throw new Error(`${wrong} of ${verdicts.length} files of ${name} are missing or wrong.`);
}
