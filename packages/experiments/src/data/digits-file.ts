/** The file that the page has its digits from: training and test set, of each the pixels and then the labels. */

import { digitsCounts, digitsShape } from "./digits-shape.ts";
import type { Dataset, DatasetSplits } from "./types.ts";

export function packDigits({ train, test }: DatasetSplits): Uint8Array {
  const parts = [train.images, train.labels, test.images, test.labels];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

export function unpackDigits(bytes: Uint8Array): DatasetSplits {
  const { train, test } = digitsCounts;
  const end = train * (digitsShape.height * digitsShape.width + 1);
  return {
    name: "digits",
    train: datasetOf("digits train", train, bytes.subarray(0, end)),
    test: datasetOf("digits test", test, bytes.subarray(end)),
  };
}

function datasetOf(name: string, count: number, bytes: Uint8Array): Dataset {
  const end = bytes.length - count;
  return { name, count, ...digitsShape, images: bytes.subarray(0, end), labels: bytes.subarray(end) };
}
