import { expect, test } from "vitest";
import { isFold, leaveOut } from "../../src/data/folds.ts";
import type { Dataset, DatasetSplits } from "../../src/data/types.ts";

/** Images of two pixels, both of them their own number. */
function numbered(name: string, count: number): Dataset {
  const images = Uint8Array.from({ length: 2 * count }, (_, i) => i >> 1);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  return { name, count, height: 1, width: 2, classes: 3, images, labels };
}

const data: DatasetSplits = {
  name: "numbers",
  train: numbered("numbers train", 11),
  test: numbered("numbers test", 4),
};
const rows = ({ images }: Dataset) => Array.from(images.filter((_, i) => i % 2 === 0));

test("each image is measured on in one part, and trained on in all the others", () => {
  const parts = [1, 2, 3, 4].map((part) => leaveOut(data, `${part}/4`));
  expect(parts.flatMap(({ test }) => rows(test))).toEqual(rows(data.train));
  expect(parts.map(({ test }) => test.count)).toEqual([2, 3, 3, 3]);
  for (const { train, test } of parts) {
    expect([...rows(train), ...rows(test)].toSorted((a, b) => a - b)).toEqual(rows(data.train));
    for (const set of [train, test]) {
      expect(set.count).toBe(set.labels.length);
      expect(Array.from(set.labels)).toEqual(rows(set).map((number) => number % 3));
      expect(Array.from(set.images)).toEqual(rows(set).flatMap((number) => [number, number]));
    }
  }
});

test("the first and the last part are left out without a copy", () => {
  for (const fold of ["1/3", "3/3"]) expect(leaveOut(data, fold).train.images.buffer).toBe(data.train.images.buffer);
});

test("there must be an image for each part", () => {
  expect(() => leaveOut(data, "2/12")).toThrow(
    "fold must have at most as many parts as numbers train has images, 11, got 2/12.",
  );
});

test.each([
  ["1/2", true],
  ["5/5", true],
  ["0/5", false],
  ["6/5", false],
  ["1/1", false],
])("%s: %s", (fold, expected) => {
  expect(isFold(fold)).toBe(expected);
});
