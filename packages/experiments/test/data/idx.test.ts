import { idxBytes } from "@softdraw/testing/bytes";
import { describe, expect, test } from "vitest";
import {
  idxHeaderLength,
  idxLength,
  LONGEST_IDX,
  pairImagesWithLabels,
  parseImages,
  parseLabels,
} from "../../src/data/idx.ts";

const pixels = Array.from({ length: 12 }, (_, i) => 20 * i);
const images = idxBytes([2, 2, 3], pixels);
const labels = idxBytes([2], [1, 0]);

describe("parseImages", () => {
  test("reads shape and pixels", () => {
    const parsed = parseImages("images", images);
    expect(parsed).toMatchObject({ file: "images", count: 2, height: 2, width: 3 });
    expect([...parsed.pixels]).toEqual(pixels);
  });

  test("gives a view of the file, also when that is itself a view", () => {
    const file = new Uint8Array(images.length + 5);
    file.set(images, 5);
    const parsed = parseImages("images", file.subarray(5));
    expect(parsed.pixels.buffer).toBe(file.buffer);
    expect([...parsed.pixels]).toEqual(pixels);
  });

  test.each([
    ["something else", Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "is not an IDX file", "0x89504e47"],
    ["gzip data", Uint8Array.of(0x1f, 0x8b, 8, 0, 0), "is gzip data, not an unpacked IDX file", "0x1f8b0800"],
    ["floats", idxBytes([1], [0, 0, 0, 0], 0x0d), "wrong element type, float32", "0x00000d01"],
    ["an unknown type", idxBytes([1], [0], 0x07), "wrong element type, unknown", "0x00000701"],
    ["labels", labels, "wrong number of axes, 1", "0x00000801"],
  ])("refuses %s by the magic number", (_, content, complaint, magic) => {
    expect(() => parseImages("a/train-images", content)).toThrow(
      `a/train-images: ${complaint}: expected the magic number 0x00000803 (unsigned bytes, [count, height, width]), ` +
        `got ${magic}.`,
    );
  });

  test.each([
    ["an empty file", 0, "expected a header of 16 bytes, got a file of 0."],
    ["half a magic number", 2, "expected a header of 16 bytes, got a file of 2."],
    ["half a header", 9, "expected a header of 16 bytes, got a file of 9."],
    ["a missing last byte", images.length - 1, "expected 12 bytes after the header (2 x 2 x 3), got 11."],
    ["missing pixels", 16, "expected 12 bytes after the header (2 x 2 x 3), got 0."],
  ])("refuses %s as truncated", (_, length, message) => {
    expect(() => parseImages("images", images.subarray(0, length))).toThrow(`images: truncated: ${message}`);
  });

  test("refuses a byte too many", () => {
    expect(() => parseImages("images", Uint8Array.of(...images, 0))).toThrow(
      "images: over-long: expected 12 bytes after the header (2 x 2 x 3), got 13.",
    );
  });

  test("refuses an empty axis", () => {
    expect(() => parseImages("images", idxBytes([0, 28, 28], []))).toThrow(
      "images: empty: expected every axis to be at least 1, got 0 x 28 x 28.",
    );
  });

  test("refuses axes whose product is beyond all memory", () => {
    expect(() => parseImages("images", idxBytes([0xffffffff, 0xffffffff, 0xffffffff], [0]))).toThrow(
      "images: too large: expected at most 1073741824 bytes, got a header of 4294967295 x 4294967295 x 4294967295, ",
    );
  });
});

describe("idxLength", () => {
  test("is that of the whole file, from its first bytes", () => {
    expect(idxLength("images", images.subarray(0, 16), "images")).toBe(images.length);
    expect(idxLength("labels", labels, "labels")).toBe(labels.length);
    expect([idxHeaderLength("images"), idxHeaderLength("labels")]).toEqual([16, 8]);
  });

  test("is at most that of the longest file that is taken", () => {
    const head = (count: number) => idxBytes([count], []);
    expect(idxLength("labels", head(LONGEST_IDX - 8), "labels")).toBe(LONGEST_IDX);
    expect(() => idxLength("labels", head(LONGEST_IDX - 7), "labels")).toThrow(
      "labels: too large: expected at most 1073741824 bytes, got a header of 1073741817, which would be 1073741825.",
    );
  });
});

describe("parseLabels", () => {
  test("reads labels as a view of the file", () => {
    const parsed = parseLabels("labels", labels);
    expect([...parsed.labels]).toEqual([1, 0]);
    expect(parsed.labels.buffer).toBe(labels.buffer);
  });

  test("refuses images", () => {
    expect(() => parseLabels("labels", images)).toThrow(
      "labels: wrong number of axes, 3: expected the magic number 0x00000801 (unsigned bytes, [count]), got 0x00000803.",
    );
  });
});

describe("pairImagesWithLabels", () => {
  const pair = (content: Uint8Array, classes: number) =>
    pairImagesWithLabels("toy", parseImages("images", images), parseLabels("labels", content), classes);

  test("shares the bytes of both files", () => {
    const dataset = pair(labels, 2);
    expect(dataset).toMatchObject({ name: "toy", count: 2, height: 2, width: 3, classes: 2 });
    expect([...dataset.images]).toEqual(pixels);
    expect([...dataset.labels]).toEqual([1, 0]);
    expect(dataset.images.buffer).toBe(images.buffer);
    expect(dataset.labels.buffer).toBe(labels.buffer);
  });

  test("refuses counts that differ", () => {
    expect(() => pair(idxBytes([3], [0, 1, 1]), 2)).toThrow(
      "labels: expected 2 labels, one for each image of images, got 3.",
    );
  });

  test("refuses a label that is no class", () => {
    expect(() => pair(idxBytes([2], [1, 2]), 2)).toThrow("labels: expected labels from 0 to 1, got 2 at position 1.");
  });
});
