/** A part of the training data that is left out, to be measured on in place of the test data. */

import { bytesAnImage, type Dataset, type DatasetSplits } from "./types.ts";

/** Whether the text says one of at least two parts, such as "2/5". */
export function isFold(text: string): boolean {
  const { part, parts } = parseFold(text);
  return parts >= 2 && part >= 1 && part <= parts;
}

/**
 * The data set as training on all parts of the training data but one has it: the test data is that part, and the real one
 * is out of reach. Parts are stretches of the set, of sizes that differ by one at most.
 *
 * @param fold as `isFold` has it
 * @throws RangeError for a set with fewer images than parts
 */
export function leaveOut({ name, train }: DatasetSplits, fold: string): DatasetSplits {
  const { part, parts } = parseFold(fold);
  if (parts > train.count) {
    throw new RangeError(
      `fold must have at most as many parts as ${train.name} has images, ${train.count}, got ${fold}.`,
    );
  }
  const [from, to] = [part - 1, part].map((part) => Math.floor((part * train.count) / parts)) as [number, number];
  return {
    name: `${name} without part ${fold}`,
    train: { ...without(train, from, to), name: `${train.name} without part ${fold}` },
    test: { ...stretch(train, from, to), name: `${train.name}, part ${fold}` },
  };
}

/** The rows of a data set from one to before another, without a copy. */
export function stretch(dataset: Dataset, from: number, to: number): Dataset {
  const pixels = bytesAnImage(dataset);
  const images = dataset.images.subarray(from * pixels, to * pixels);
  return { ...dataset, count: to - from, images, labels: dataset.labels.subarray(from, to) };
}

/** The other rows. They are a copy, unless one end of the set is left out. */
function without(dataset: Dataset, from: number, to: number): Dataset {
  const [before, after] = [stretch(dataset, 0, from), stretch(dataset, to, dataset.count)];
  if (before.count === 0) return after;
  if (after.count === 0) return before;
  const join = (a: Uint8Array, b: Uint8Array) => {
    const joined = new Uint8Array(a.length + b.length);
    joined.set(a);
    joined.set(b, a.length);
    return joined;
  };
  const [images, labels] = [join(before.images, after.images), join(before.labels, after.labels)];
  return { ...dataset, count: before.count + after.count, images, labels };
}

function parseFold(text: string): { part: number; parts: number } {
  const [part, parts] = text.split("/").map(Number) as [number, number];
  return { part, parts };
}
