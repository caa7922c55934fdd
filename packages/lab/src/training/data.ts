/** The data that a configuration asks for. */

import { leaveOut } from "@softdraw/experiments/data/folds";
import { type DatasetSplits, generated } from "@softdraw/experiments/data/types";
import type { BaseConfig } from "@softdraw/experiments/experiment";
import { loadDataset } from "../data/datasets.ts";
import type { Reporter } from "./reporter.ts";

/** Loads it, downloads it first if need be, and leaves out the part that the configuration holds out. */
export async function loadData(config: BaseConfig, reporter: Reporter): Promise<DatasetSplits> {
  if (config.data === undefined) return generated;
  let announced = "";
  const onProgress = (file: string, received: number, total: number | undefined) => {
    if (file !== announced) reporter.say(`Downloading ${file}.`);
    announced = file;
    if (total !== undefined) reporter.progress(received, total);
  };
  const data = await loadDataset(config.data, { dataDir: config.dataDir, onProgress });
  return config.fold === undefined ? data : leaveOut(data, config.fold);
}
