/** The pictures and the report of a run. */

import { join } from "node:path";
import { columnsOfTable } from "@softdraw/experiments/columns";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import type { BaseConfig, EpochRecord, Experiment, Trained } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { lineChart } from "@softdraw/experiments/report/charts";
import { type Report, type ReportPicture, renderReport } from "@softdraw/experiments/report/html";
import { encodePicture } from "@softdraw/experiments/report/png";
import { formatMeasured, formatNumber, formatResult } from "../report/numbers.ts";
import type { OpenRun, TrainedOn } from "../runs/run.ts";
import { engineDescription } from "./engine.ts";

/**
 * Draws the pictures of the trained model, and writes them and the report into the run folder. Returns the report with its
 * path, and the pictures that are also text.
 */
export async function writeReport(
  run: OpenRun,
  experiment: Experiment,
  trained: Trained<BaseConfig>,
  data: DatasetSplits,
  records: readonly EpochRecord[],
): Promise<{ report: Report; path: string; text: string[] }> {
  const text: string[] = [];
  const pictures: ReportPicture[] = [];
  for (const { name, picture, text: lines, ...words } of await experiment.pictures(trained, data)) {
    const [file, png] = [`${name}.png`, encodePicture(picture)];
    await run.writeFile(file, png);
    pictures.push({ ...words, file, png });
    if (lines) text.push("", words.title, ...lines, "");
  }
  const devices = await run.readDevices();
  const report = describeRun(run, experiment, trained.config, data, records, devices, pictures);
  await run.writeFile("report.html", renderReport(report));
  return { report, path: join(run.path, "report.html"), text };
}

function describeRun(
  run: OpenRun,
  experiment: Experiment,
  config: BaseConfig,
  data: DatasetSplits,
  records: readonly EpochRecord[],
  devices: readonly TrainedOn[],
  pictures: ReportPicture[],
): Report {
  const columns = columnsOfTable(experiment.columns);
  return {
    title: `${experiment.title} on ${data.name}`,
    summary: experiment.summary,
    command: run.info.command,
    details: [
      ["Begun", run.info.created.replace("T", " ").replace(/\.\d+Z$/, " UTC")],
      ["Softdraw", run.info.version],
      ["Engine", engineDescription()],
      ["Trained on", describeDevices(devices)],
      ["Data", describeData(data)],
      ...describeClasses(data),
      ["Folder", run.path],
    ],
    config: { ...config },
    results: experiment.results(records).map((result) => {
      const { name, note } = result;
      return { name, value: formatResult(result), ...(note && { note }) };
    }),
    charts: experiment.charts(records).map(({ caption, ...chart }) => ({
      title: chart.title,
      caption,
      svg: lineChart(chart),
    })),
    pictures,
    epochs: {
      columns: ["epoch", ...columns.map(({ label }) => label)],
      rows: records.map((r) => [String(r.epoch), ...columns.map(({ key, digits }) => formatMeasured(r[key], digits))]),
    },
    references: experiment.references,
  };
}

/** Such as `wasm` or `wasm, from epoch 3 webgpu (nvidia-h200, nvidia)`. */
function describeDevices(devices: readonly TrainedOn[]): string {
  return devices
    .map(({ device, adapter, epoch }, i) => {
      const name = adapter === undefined ? device : `${device} (${adapter})`;
      return i === 0 ? name : `from epoch ${epoch} ${name}`;
    })
    .join(", ");
}

/** What the labels in pictures mean, where the classes have names. */
function describeClasses({ train: { classNames } }: DatasetSplits): [name: string, value: string][] {
  if (classNames === undefined) return [];
  return [["Classes", classNames.map((name, label) => `${label} ${foreignText(name)}`).join(", ")]];
}

function describeData({ name, train, test }: DatasetSplits): string {
  if (train.count === 0) return name;
  return `${name}: ${formatNumber(train.count, 0)} to train, ${formatNumber(test.count, 0)} to test`;
}
