import { expect, test } from "vitest";
import { mixedSplits, splitByShare } from "../../src/data/splits.ts";
import type { Dataset } from "../../src/data/types.ts";

/** Images of one pixel, which is their number, class by class. */
function numbered(...counts: number[]): Dataset {
  const labels = counts.flatMap((count, label) => new Array(count).fill(label));
  const count = labels.length;
  const images = Uint8Array.from({ length: count }, (_, i) => i);
  return { name: "own", count, height: 1, width: 1, classes: counts.length, images, labels: Uint8Array.from(labels) };
}

const countOf = ({ labels }: Dataset, label: number) => labels.filter((own) => own === label).length;

test("every image is in one part, with its label, and every class has its share of the tests", async () => {
  const own = numbered(100, 50, 31);
  const { name, train, test } = await splitByShare("own-0123abcd", own, 0.2);
  expect([name, train.name, test.name]).toEqual(["own-0123abcd", "own-0123abcd train", "own-0123abcd test"]);
  expect([train.count, test.count]).toEqual([145, 36]);
  expect([...train.images, ...test.images].toSorted((a, b) => a - b)).toEqual([...own.images]);
  for (const part of [train, test]) {
    expect(part.labels).toEqual(Uint8Array.from(part.images, (image) => own.labels[image]!));
    expect(part.classes).toBe(3);
  }
  for (const [label, count] of [100, 50, 31].entries()) {
    expect(Math.abs(countOf(test, label) - 0.2 * count)).toBeLessThan(1);
  }
});

test("both parts are mixed: the classes do not follow each other", async () => {
  const { train, test } = await splitByShare("own", numbered(100, 100), 0.3);
  for (const { labels, count } of [train, test]) {
    const changes = labels.filter((label, i) => i > 0 && label !== labels[i - 1]).length;
    // Of fair coins, the standard deviation is half the root of their number.
    expect(Math.abs(changes - (count - 1) / 2)).toBeLessThan(4 * Math.sqrt(count) * 0.5);
  }
});

test("the same data and share give the same split, another share another one", async () => {
  const split = async (share: number) => [...(await splitByShare("own", numbered(40, 30), share)).test.images];
  expect(await split(0.1)).toEqual(await split(0.1));
  expect(await split(0.1)).not.toEqual((await split(0.2)).slice(0, 7));
});

test("neither part is ever empty, and one image alone cannot be split", async () => {
  const counts = async (share: number) => {
    const { train, test } = await splitByShare("own", numbered(3), share);
    return [train.count, test.count];
  };
  expect(await counts(0.01)).toEqual([2, 1]);
  expect(await counts(0.99)).toEqual([1, 2]);
  await expect(splitByShare("own", numbered(1), 0.5)).rejects.toThrow("own: expected at least 2 images");
});

test("given parts stay, each in an order of its own", async () => {
  const given = { name: "own", train: numbered(60, 60), test: numbered(20, 20) };
  const { train, test } = await mixedSplits(given);
  for (const [mixed, part] of [
    [train, given.train],
    [test, given.test],
  ] as const) {
    expect(mixed.images).not.toEqual(part.images);
    expect(mixed.images.toSorted()).toEqual(part.images);
    expect(mixed.labels).toEqual(Uint8Array.from(mixed.images, (image) => part.labels[image]!));
  }
});
