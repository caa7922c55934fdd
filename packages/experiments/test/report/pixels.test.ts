import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tileImages } from "../../src/report/pixels.ts";

const size = (most: number) => fc.integer({ min: 1, max: most });

/** Any images with any tiling that is allowed. */
const tilings = fc
  .record({ height: size(5), width: size(5), columns: size(4), gap: fc.integer({ min: 0, max: 3 }), scale: size(4) })
  .chain((options) => {
    const pixels = options.height * options.width;
    const images = size(9).chain((count) => fc.uint8Array({ minLength: count * pixels, maxLength: count * pixels }));
    return fc.record({ options: fc.constant(options), images });
  });

describe("tileImages", () => {
  it("puts two images of two by two side by side", () => {
    const images = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const picture = tileImages(images, { height: 2, width: 2, columns: 2, gap: 1, scale: 1, background: 9 });
    expect(picture).toEqual({ width: 5, height: 2, channels: 1, data: Uint8Array.of(1, 2, 9, 5, 6, 3, 4, 9, 7, 8) });
  });

  it("enlarges each pixel to a square and leaves the rest of the last row to the background", () => {
    const picture = tileImages(Uint8Array.of(1, 2, 3), {
      height: 1,
      width: 1,
      columns: 2,
      gap: 0,
      scale: 2,
      background: 9,
    });
    expect(picture.width).toBe(4);
    expect([...picture.data]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 9, 9, 3, 3, 9, 9]);
  });

  it("gives every pixel of the picture the byte of its image, or the background", () => {
    fc.assert(
      fc.property(tilings, ({ images, options: { height, width, columns, gap, scale } }) => {
        const picture = tileImages(images, { height, width, columns, gap, scale, background: 77 });
        const expected = Array.from(picture.data, (_, i) => {
          const [y, x] = [Math.floor(i / picture.width), i % picture.width];
          const [row, column] = [Math.floor(y / (height * scale + gap)), Math.floor(x / (width * scale + gap))];
          const [inY, inX] = [y % (height * scale + gap), x % (width * scale + gap)].map((p) => Math.floor(p / scale));
          const inGap = y % (height * scale + gap) >= height * scale || x % (width * scale + gap) >= width * scale;
          if (inGap) return 77;
          return images[((row * columns + column) * height + inY!) * width + inX!] ?? 77;
        });
        expect([...picture.data]).toEqual(expected);
      }),
    );
  });

  it("has the size of its tiles and gaps", () => {
    fc.assert(
      fc.property(tilings, ({ images, options }) => {
        const { height, width, columns, gap, scale } = options;
        const rows = Math.ceil(images.length / (height * width) / columns);
        const picture = tileImages(images, options);
        expect(picture.width).toBe(columns * width * scale + (columns - 1) * gap);
        expect(picture.height).toBe(rows * height * scale + (rows - 1) * gap);
        expect(picture.data.length).toBe(picture.width * picture.height);
      }),
    );
  });

  it("rounds floats to bytes, clamps what is outside and shows NaN as black", () => {
    const images = Float32Array.of(0, 1, 0.5, 100 / 255, -3, 1.00001, Number.NaN, Number.POSITIVE_INFINITY);
    const picture = tileImages(images, { height: 1, width: 8, columns: 1, scale: 1 });
    expect([...picture.data]).toEqual([0, 255, 128, 100, 0, 255, 0, 255]);
  });

  it.each([
    [{ columns: 0 }, "columns must be a whole number of at least 1, got 0"],
    [{ scale: 1.5 }, "scale must be a whole number of at least 1, got 1.5"],
    [{ gap: -1 }, "gap must be a whole number of at least 0, got -1"],
    [{ background: 256 }, "background must be a whole number from 0 to 255, got 256"],
    [{ width: 3 }, "whole images of 2 x 3 = 6 values, got 8 values"],
  ])("refuses %j", (options, message) => {
    expect(() => tileImages(new Uint8Array(8), { height: 2, width: 2, columns: 2, ...options })).toThrow(message);
  });

  it("refuses no images at all", () => {
    expect(() => tileImages(new Uint8Array(0), { height: 2, width: 2, columns: 2 })).toThrow("got 0 values");
  });
});
