import { noise } from "@softdraw/testing/bytes";
import { describe, expect, test } from "vitest";
import { gatherPatches, pooledPatches } from "../../src/data/patches.ts";
import type { Dataset } from "../../src/data/types.ts";

function datasetOf(height: number, width: number, count = 12): Dataset {
  const images = noise(count * height * width);
  return { name: "toy", classes: 10, count, height, width, images, labels: new Uint8Array(count) };
}

/** Pixel (y, x) of an image, background outside of it. */
function pixelOf({ images, height, width }: Dataset, row: number, y: number, x: number): number {
  const isInside = y >= 0 && y < height && x >= 0 && x < width;
  return isInside ? Math.fround(images[(row * height + y) * width + x]! / 255) : 0;
}

/** Pixels right and down that each image is moved. */
interface Shifts {
  readonly right: ArrayLike<number>;
  readonly down: ArrayLike<number>;
}

/** The affine maps that do so. */
function mapsOf({ right, down }: Shifts): Float32Array {
  return Float32Array.from(Array.from(rows).flatMap((_, n) => [1, 0, -right[n]!, 0, 1, -down[n]!]));
}

/** What the definition says, entry by entry. */
function expectedPatches(dataset: Dataset, rows: Uint32Array, size: number, padded: number, shifts?: Shifts): number[] {
  const [squaresDown, squaresAcross] = [dataset.height, dataset.width].map((side) => (side - size + 1) / 2);
  const shape = [2, 2, squaresDown!, squaresAcross!, rows.length, padded];
  return Array.from({ length: shape.reduce((a, b) => a * b) }, (_, at) => {
    const [a, b, y, x, n, i] = indicesOf(at, shape) as [number, number, number, number, number, number];
    if (i >= size * size) return 0;
    const [top, left] = [2 * y + a - (shifts?.down[n] ?? 0), 2 * x + b - (shifts?.right[n] ?? 0)];
    return pixelOf(dataset, rows[n]!, top + Math.floor(i / size), left + (i % size));
  });
}

function indicesOf(at: number, shape: readonly number[]): number[] {
  return shape.reduceRight<{ rest: number; indices: number[] }>(
    ({ rest, indices }, length) => ({ rest: Math.floor(rest / length), indices: [rest % length, ...indices] }),
    { rest: at, indices: [] },
  ).indices;
}

/** Compared in plain code: a matcher takes a second for 100,000 numbers. */
function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return a.length === b.length ? Array.from(a).findIndex((x, i) => x !== b[i]) : Number.NaN;
}

const rows = Uint32Array.of(3, 0, 11, 3, 7);

describe("gatherPatches", () => {
  test("one image of 2 x 4 in patches of one pixel: by their place in the square", () => {
    const dataset: Dataset = { ...datasetOf(2, 4, 1), images: Uint8Array.of(0, 51, 102, 153, 204, 255, 51, 0) };
    const patches = gatherPatches(dataset, Uint32Array.of(0), 1);
    expect(patches.shape).toEqual([4, 1, 2, 1, 4]);
    const firsts = [...patches.dataSync()].filter((_, i) => i % 4 === 0);
    expect(firsts).toEqual([0, 0.4, 0.2, 0.6, 0.8, 0.2, 1, 0].map(Math.fround));
  });

  test.each([
    { height: 28, width: 28, size: 5, padded: 28 },
    { height: 8, width: 6, size: 3, padded: 12 },
    { height: 6, width: 12, size: 5, padded: 28 },
    { height: 5, width: 9, size: 2, padded: 4 },
  ])("of $height x $width in patches of $size: pixels over 255, padded to $padded with zeros", (given) => {
    const { height, width, size, padded } = given;
    const dataset = datasetOf(height, width);
    const patches = gatherPatches(dataset, rows, size);
    expect([patches.dtype, patches.shape]).toEqual([
      "float32",
      [4, (height - size + 1) / 2, (width - size + 1) / 2, rows.length, padded],
    ]);
    expect(firstDifference(patches.dataSync(), expectedPatches(dataset, rows, size, padded))).toBe(-1);
  });

  test("images are moved right and down, each by its own shift, and background comes in", () => {
    const dataset = datasetOf(8, 8);
    const shifts = { right: Int8Array.of(1, -2, 0, 3, 8), down: Int8Array.of(-1, 2, 0, -3, 0) };
    const patches = gatherPatches(dataset, rows, 5, mapsOf(shifts));
    expect(firstDifference(patches.dataSync(), expectedPatches(dataset, rows, 5, 28, shifts))).toBe(-1);
    const moved = gatherPatches({ ...dataset, images: dataset.images.fill(255) }, rows, 5, mapsOf(shifts)).dataSync();
    const last = [...(moved as Float32Array)].filter((_, i) => Math.floor(i / 28) % rows.length === 4);
    // Eight pixels to the right of an image of eight, nothing of it is left.
    expect(Math.max(...last)).toBe(0);
  });

  test("shifts of zero are none", () => {
    const dataset = datasetOf(8, 8);
    const still = { right: new Int8Array(rows.length), down: new Int8Array(rows.length) };
    const [moved, plain] = [gatherPatches(dataset, rows, 5, mapsOf(still)), gatherPatches(dataset, rows, 5)];
    expect(moved.js()).toEqual(plain.js());
  });

  test("batches stay as they are when others follow, larger or smaller or of other patches", () => {
    // The last two take equally many numbers, and pad where the one before has pixels.
    const orders = [
      { dataset: datasetOf(8, 8), order: rows, size: 5, padded: 28 },
      { dataset: datasetOf(8, 8), order: rows.subarray(1, 3), size: 5, padded: 28 },
      { dataset: datasetOf(28, 28), order: rows, size: 5, padded: 28 },
      { dataset: datasetOf(3, 3), order: rows, size: 2, padded: 4 },
      { dataset: datasetOf(2, 2), order: rows, size: 1, padded: 4 },
    ];
    const batches = orders.map(({ dataset, order, size }) => gatherPatches(dataset, order, size));
    batches.forEach((batch, i) => {
      const { dataset, order, size, padded } = orders[i]!;
      expect(firstDifference(batch.dataSync(), expectedPatches(dataset, order, size, padded))).toBe(-1);
    });
  });

  test("refuses a row beyond the data set", () => {
    expect(() => gatherPatches(datasetOf(8, 8), Uint32Array.of(0, 12), 5)).toThrow(
      "gatherPatches: toy has 12 rows, rows[1] is 12.",
    );
  });

  test.each([
    [8, 8, 4],
    [8, 7, 3],
    [4, 8, 5],
    [8, 8, 0],
    [8, 8, 2.5],
    [8, 8, Number.NaN],
  ])("refuses images of %d x %d in patches of %d: no whole squares", (height, width, size) => {
    expect(() => gatherPatches(datasetOf(height, width), rows, size)).toThrow(
      "gatherPatches: a patch size that leaves an even number of places was expected, " +
        `got ${size} for toy of ${height} x ${width}.`,
    );
  });
});

describe("pooledPatches", () => {
  test("of numbers are the patches of the same images as bytes", () => {
    const dataset = datasetOf(8, 6);
    const numbers = Float32Array.from(dataset.images, (byte) => byte / 255);
    const all = Uint32Array.from({ length: dataset.count }, (_, row) => row);
    const patches = pooledPatches(numbers, dataset, 3);
    expect(patches.shape).toEqual([4, 3, 2, dataset.count, 12]);
    expect(firstDifference(patches.dataSync(), expectedPatches(dataset, all, 3, 12))).toBe(-1);
  });

  test("leave out a last row and a last column that fill no square", () => {
    const pixel = (row: number, y: number, x: number) => 100 * row + 10 * y + x;
    const images = (height: number, width: number) =>
      Float32Array.from({ length: 2 * height * width }, (_, at) => {
        const [row, y, x] = indicesOf(at, [2, height, width]) as [number, number, number];
        return pixel(row, y, x);
      });
    const cut = pooledPatches(images(9, 7), { count: 2, height: 9, width: 7 }, 5);
    const whole = pooledPatches(images(8, 6), { count: 2, height: 8, width: 6 }, 5);
    expect(cut.shape).toEqual([4, 2, 1, 2, 28]);
    expect(cut.js()).toEqual(whole.js());
  });
});
