/** One's own data in the order of a key, and split into what is trained on and what is kept for tests. */

import { streamKey } from "../nn/keys.ts";
import { streams } from "../training/streams.ts";
import { shuffledOrder } from "./batches.ts";
import { bytesAnImage, type Dataset, type DatasetSplits } from "./types.ts";

/** Of all splits, whatever the seed of a training: those with several seeds are compared on the same images. */
const SEED = 0;

/** What of data without a test set is kept for tests, unless one says otherwise. */
export const TEST_SHARE = 0.1;

/**
 * The images in a random order, and a share of them for tests: of every class as nearly that share as whole images allow. The
 * same data and share give the same split.
 *
 * @param name of both parts together
 * @param share above 0 and below 1
 * @throws RangeError for fewer than two images
 */
export async function splitByShare(name: string, dataset: Dataset, share: number): Promise<DatasetSplits> {
  const { count, labels } = dataset;
  if (count < 2) throw new RangeError(`${name}: expected at least 2 images, one of them for tests, got ${count}.`);
  const order = await shuffledOrder(streamKey(SEED, streams.splitting), count);
  const tests = Math.min(count - 1, Math.max(1, Math.round(share * count)));
  // In even steps through the images in the order of their classes.
  const byClass = [...order].sort((a, b) => labels[a]! - labels[b]!);
  const isTest = new Uint8Array(count);
  for (let i = 0; i < tests; i++) isTest[byClass[Math.floor(((i + 0.5) * count) / tests)]!] = 1;
  const part = (kind: 0 | 1) => order.filter((row) => isTest[row] === kind);
  return {
    name,
    train: { ...rowsOf(dataset, part(0)), name: `${name} train` },
    test: { ...rowsOf(dataset, part(1)), name: `${name} test` },
  };
}

/** The images of two given parts, each in a random order: they often come class by class. */
export async function mixedSplits({ name, train, test }: DatasetSplits): Promise<DatasetSplits> {
  const mixed = async (dataset: Dataset, stream: number) =>
    rowsOf(dataset, await shuffledOrder(streamKey(SEED, streams.splitting + stream), dataset.count));
  return { name, train: await mixed(train, 1), test: await mixed(test, 2) };
}

/** Some rows of a data set, in that order. */
function rowsOf(dataset: Dataset, rows: Uint32Array): Dataset {
  const size = bytesAnImage(dataset);
  const images = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => {
    images.set(dataset.images.subarray(row * size, (row + 1) * size), i * size);
  });
  return { ...dataset, count: rows.length, images, labels: Uint8Array.from(rows, (row) => dataset.labels[row]!) };
}
