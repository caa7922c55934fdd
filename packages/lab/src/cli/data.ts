/** `softdraw data list | fetch | verify` */

import { type DatasetName, datasetNames } from "@softdraw/experiments/data/types";
import Table from "cli-table3";
import { Argument, type Command } from "commander";
import { describeDatasets, loadDataset, verifyDataset } from "../data/datasets.ts";
import { oneOf } from "./options.ts";
import { formatNumber, textReporter } from "./output.ts";

export function addData(program: Command): void {
  const data = program.command("data").description("list, fetch and verify the data sets");
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

async function verify(name: DatasetName, { dataDir }: { dataDir?: string }): Promise<void> {
  const verdicts = await verifyDataset(name, { dataDir });
  for (const { path, problem } of verdicts) console.log(problem ? `wrong  ${problem}` : `sound  ${path}`);
  const wrong = verdicts.filter(({ problem }) => problem !== undefined).length;
  if (wrong > 0) throw new Error(`${wrong} of ${verdicts.length} files of ${name} are missing or wrong.`);
}
