/** Real digits, few enough to train on in a second. */

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackDigits } from "@softdraw/experiments/data/digits-file";
import type { Dataset, DatasetSplits } from "@softdraw/experiments/data/types";
import { loadDigits } from "@softdraw/lab/data/digits";
import { idxBytes } from "./bytes.ts";

const TRAIN = 200;
const TEST = 40;

/** As a build packs them, which is read in a twentieth of the time that the texts of a checkout take. */
const PACKED = join(
  dirname(createRequire(import.meta.url).resolve("@softdraw/lab/package.json")),
  "dist/data/digits.gz",
);

let loaded: Promise<DatasetSplits> | undefined;

function readDigits(): Promise<DatasetSplits> {
  loaded ??= existsSync(PACKED) ? readFile(PACKED).then((bytes) => unpackDigits(gunzipSync(bytes))) : loadDigits();
  return loaded;
}

/** The first of the embedded digits, of each part so many. */
export async function fewDigits(train: number, test: number): Promise<DatasetSplits> {
  const digits = await readDigits();
  return { ...digits, train: firstOf(digits.train, train), test: firstOf(digits.test, test) };
}

function firstOf(dataset: Dataset, count: number): Dataset {
  const images = dataset.images.slice(0, count * dataset.height * dataset.width);
  return { ...dataset, count, images, labels: dataset.labels.slice(0, count) };
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
