/** Real digits, few enough to train on in a second. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadDigits } from "@softdraw/lab/data/digits";
import { idxBytes } from "./bytes.ts";

const TRAIN = 200;
const TEST = 40;

/** Writes the four IDX files of 200 training and 40 test digits into a folder: what `--data mnist --data-dir` reads. */
export async function writeFewDigits(folder: string): Promise<void> {
  const digits = await loadDigits();
  for (const [prefix, { images, labels }, count] of [
    ["train", digits.train, TRAIN],
    ["t10k", digits.test, TEST],
  ] as const) {
    const pixels = images.subarray(0, count * 28 * 28);
    await writeFile(join(folder, `${prefix}-images-idx3-ubyte`), idxBytes([count, 28, 28], pixels));
    await writeFile(join(folder, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels.subarray(0, count)));
  }
}
