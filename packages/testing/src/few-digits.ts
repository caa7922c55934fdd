/** Real digits, few enough to train on in a second. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, DatasetSplits } from "@softdraw/experiments/data/types";
import { loadDigits } from "@softdraw/lab/data/digits";
import { idxBytes } from "./bytes.ts";

const TRAIN = 200;
const TEST = 40;

/** The first of the embedded digits, of each part so many. */
export async function fewDigits(train: number, test: number): Promise<DatasetSplits> {
  const digits = await loadDigits();
  return { ...digits, train: firstOf(digits.train, train), test: firstOf(digits.test, test) };
}

function firstOf(dataset: Dataset, count: number): Dataset {
  const images = dataset.images.subarray(0, count * dataset.height * dataset.width);
  return { ...dataset, count, images, labels: dataset.labels.subarray(0, count) };
}

/** Writes the four IDX files of 200 training and 40 test digits into a folder: what `--data mnist --data-dir` reads. */
export async function writeFewDigits(folder: string): Promise<void> {
  const { train, test } = await fewDigits(TRAIN, TEST);
  for (const [prefix, { count, images, labels }] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    await writeFile(join(folder, `${prefix}-images-idx3-ubyte`), idxBytes([count, 28, 28], images));
    await writeFile(join(folder, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels));
  }
}
