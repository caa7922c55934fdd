/** The data that a configuration asks for. */

import { leaveOut } from "@softdraw/experiments/data/folds";
import { type DatasetSplits, generated, isOwnData, isSameData } from "@softdraw/experiments/data/types";
import type { BaseConfig } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { loadDataset } from "../data/datasets.ts";
import type { LeftOut } from "../data/kind.ts";
import { otherData } from "../data/names.ts";
import { nameOfData } from "../data/own-data.ts";
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
  const { dataDir, size, grey, testShare } = config;
  const onLeftOut = (leftOut: readonly LeftOut[]) => reporter.say(sayLeftOut(leftOut));
  const data = await loadDataset(config.data, { dataDir, size, grey, testShare, onProgress, onLeftOut });
  return config.fold === undefined ? data : leaveOut(data, config.fold);
}

/** As many are named. */
const NAMED = 10;

/** What of one's own data is not used, a line each. */
function sayLeftOut(leftOut: readonly LeftOut[]): string {
  const lines = leftOut.slice(0, NAMED).map(({ what, why }) => `  ${foreignText(what)}: ${why}`);
  const more =
    leftOut.length > NAMED ? [`  and ${leftOut.length - NAMED} more: softdraw data describe lists them`] : [];
  return [`Left out of the data, ${leftOut.length}:`, ...lines, ...more].join("\n");
}

/** Whether the data of a configuration may be in a folder: it is neither made by the experiment nor embedded. */
export function readsFolder({ data }: BaseConfig): boolean {
  return data !== undefined && data !== "digits";
}

/**
 * What a machine lacks of the data that a configuration asks for, in words; undefined where it has that, or can fetch it.
 *
 * @param dataDir its folder of data, if it has one: what that holds is looked at once
 */
export function lackOfData(dataDir: string | undefined): (config: BaseConfig) => Promise<string | undefined> {
  let held: Promise<string> | undefined;
  return async (config) => {
    const { data } = config;
    if (data === undefined || !readsFolder(config)) return undefined;
    if (dataDir === undefined)
      return isOwnData(data) ? `"${data}" is the data of a folder: give it (--data-dir).` : undefined;
    held ??= nameOfData(dataDir);
    return held.then(
      (actual) => (isSameData(data, actual) ? undefined : otherData(data, dataDir, actual)),
      (error: Error) => error.message,
    );
  };
}
