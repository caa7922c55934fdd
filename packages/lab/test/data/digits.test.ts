import { readFile } from "node:fs/promises";
import { digitsCounts } from "@softdraw/experiments/data/digits-shape";
import type { Dataset, DatasetSplits } from "@softdraw/experiments/data/types";
import { beforeAll, describe, expect, test } from "vitest";
import { digitsFiles, loadDigits } from "../../src/data/digits.ts";

const PIXELS = 784;

let digits: DatasetSplits;

beforeAll(async () => {
  digits = await loadDigits();
});

function imageAt(images: Uint8Array, row: number): string {
  return Buffer.from(images.subarray(row * PIXELS, (row + 1) * PIXELS)).toString("latin1");
}

function labelsByImage({ images, labels }: Dataset): Map<string, number> {
  return new Map(Array.from(labels, (label, row) => [imageAt(images, row), label]));
}

function countPerClass(labels: Uint8Array): number[] {
  return Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);
}

describe("digits", () => {
  test("has 9,000 training and 1,000 test images of 28 x 28 in ten classes", () => {
    for (const part of ["train", "test"] as const) {
      const { name, count, height, width, classes, images, labels } = digits[part];
      expect([name, count, height, width, classes]).toEqual([`digits ${part}`, digitsCounts[part], 28, 28, 10]);
      expect([images.length, labels.length]).toEqual([count * PIXELS, count]);
    }
  });

  test("has 100 test images of every digit, and the rest for training", () => {
    expect(countPerClass(digits.test.labels)).toEqual(Array(10).fill(100));
    expect(countPerClass(digits.train.labels)).toEqual([901, 1027, 891, 932, 880, 763, 914, 970, 844, 878]);
  });

  test("has no image twice, so none in both sets", () => {
    const all = new Set([...labelsByImage(digits.train).keys(), ...labelsByImage(digits.test).keys()]);
    expect(all.size).toBe(10_000);
  });

  test("restores every image of the package to the bytes that its decimals were made of", async () => {
    const decimals = Array.from({ length: 256 }, (_, byte) => Number((byte / 255).toFixed(3)));
    const found = new Map([...labelsByImage(digits.train), ...labelsByImage(digits.test)]);
    for (const [digit, path] of digitsFiles().entries()) {
      const values: number[] = JSON.parse(await readFile(path, "utf8")).data;
      const bytes = Uint8Array.from(values.map((value) => Math.round(255 * value)));
      expect(values.every((value, i) => value === decimals[bytes[i]!])).toBe(true);
      const labels = Array.from({ length: bytes.length / PIXELS }, (_, row) => found.get(imageAt(bytes, row)));
      expect(new Set(labels)).toEqual(new Set([digit]));
    }
  });

  test("mixes the digits: every stretch of 1,000 has them in the proportions of the whole", () => {
    const { count, labels } = digits.train;
    const whole = countPerClass(labels);
    for (let start = 0; start < count; start += 1000) {
      const stretch = countPerClass(labels.subarray(start, start + 1000));
      for (const [digit, n] of stretch.entries()) expect(Math.abs(n - whole[digit]! / 9)).toBeLessThan(2);
    }
    expect([...digits.test.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
  });

  test("is the same every time", async () => {
    const again = await loadDigits();
    for (const part of ["train", "test"] as const) {
      expect(Buffer.compare(again[part].images, digits[part].images)).toBe(0);
      expect(Buffer.compare(again[part].labels, digits[part].labels)).toBe(0);
    }
  });
});
