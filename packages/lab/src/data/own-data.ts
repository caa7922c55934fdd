/** One's own data: its name, and its images as experiments take them. */

import { type Dataset, type DatasetSplits, isSameData } from "@softdraw/experiments/data/types";
import { WrongCall } from "../errors.ts";
import type { LeftOut, Shaping } from "./kind.ts";
import { blamingCaller, kindAt } from "./kinds.ts";
import { otherData } from "./names.ts";

export interface OwnDataOptions extends Shaping {
  /** The share that is kept for tests of data without a test set. */
  readonly testShare?: number | undefined;
  /** Told what of the data is not used, and why. */
  readonly onLeftOut?: ((leftOut: readonly LeftOut[]) => void) | undefined;
}

/**
 * What the data at a path is called: after the path and the bytes, such as "letters-3fa91c02", so that nobody takes it for
 * another. IDX files that are a data set have its name.
 *
 * @throws WrongCall for a path where there is no data; Error for files that cannot be read
 */
export async function nameOfData(path: string): Promise<string> {
  const { kind, place } = await kindAt(path);
  return kind.nameOf(place);
}

/**
 * The images at a path: what has no test set is split by a fixed key.
 *
 * @param name what `nameOfData` says of the path
 * @throws Error for other data than that of the name, or data that cannot be used; WrongCall for options that do not fit it
 */
export async function loadOwnData(name: string, path: string, options: OwnDataOptions = {}): Promise<DatasetSplits> {
  const { kind, place } = await kindAt(path);
  const actual = await kind.nameOf(place);
  if (!isSameData(name, actual)) throw new Error(otherData(name, path, actual));
  if (kind.load === undefined) throw new WrongCall(`${path}: expected images, got ${kind.name}.`);
  const { train, test, isOrdered, leftOut } = await kind.load(place, options);
  if (leftOut.length > 0) options.onLeftOut?.(leftOut);
  // Imported late: it brings the engine, of which a look at the data has no need.
  const { mixedSplits, splitByShare, TEST_SHARE } = await import("@softdraw/experiments/data/splits");
  if (test === undefined) {
    return blamingCaller(async () => splitByShare(name, train, options.testShare ?? TEST_SHARE))();
  }
  if (options.testShare !== undefined) {
    throw new WrongCall(`--test-share: ${path} has ${test.count} images for tests. Leave it out.`);
  }
  const splits = { name, train: named(train, `${name} train`), test: named(test, `${name} test`) };
  checkSides(path, splits);
  return isOrdered ? splits : mixedSplits(splits);
}

function named(dataset: Dataset, name: string): Dataset {
  return { ...dataset, name };
}

function checkSides(path: string, { train, test }: DatasetSplits): void {
  const [a, b] = [train, test].map(({ height, width, channels = 1 }) => `${height} x ${width} x ${channels}`);
  if (a === b) return;
  throw new WrongCall(`${path}: expected test images of the training images' shape, ${a}, got ${b}.`);
}
