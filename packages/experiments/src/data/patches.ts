/** Batches of images for a first convolution with pooling: every patch that it looks at, laid out for one product. */

import { numpy as np } from "@jax-js/jax";
import { paddedPatchSize } from "../nn/convolution.ts";
import { type Distortions, distortInto, NUMBERS_A_DISTORTION } from "./distortions.ts";
import type { Dataset } from "./types.ts";

/** Kept between batches, because `np.array` copies. */
let pixels = new Float32Array(0);
let patches = new Float32Array(0);

/**
 * The `size * size` patches of images, by their place in the 2x2 square that is pooled.
 *
 * @param rows rows of the data set
 * @param distortions of these images, in their order; without, images are as they are
 * @returns float32 `[4, height', width', rows, padded]` in [0, 1] with `height' = (height - size + 1) / 2`; entry
 * `[2 a + b, y, x, n]` is the patch of image n whose top left corner is at row `2 y + a`, column `2 x + b`
 * @throws RangeError for an image that leaves no whole squares, and for a row that the data set does not have
 */
export function gatherPatches(dataset: Dataset, rows: Uint32Array, size: number, distortions?: Distortions): np.Array {
  checkSquares(dataset, size);
  const { height, width } = dataset;
  return pooledPatches(decodeImages(dataset, rows, distortions), { count: rows.length, height, width }, size);
}

/**
 * The same for images that are already numbers, `[count, height, width]`, or `[count, height, width, channels]`. A last row or column of patches that fills no
 * 2x2 square is left out, as PyTorch's pooling does.
 */
export function pooledPatches(
  images: Float32Array,
  { count, height, width, channels = 1 }: { count: number; height: number; width: number; channels?: number },
  size: number,
): np.Array {
  const [squaresDown, squaresAcross] = [Math.floor((height - size + 1) / 2), Math.floor((width - size + 1) / 2)];
  const padded = paddedPatchSize(size, channels);
  const [row, whole] = [width * channels, size * size * channels];
  const shape = [4, squaresDown, squaresAcross, count, padded];
  const target = scratchPatches(shape.reduce((a, b) => a * b));
  let to = 0;
  for (let place = 0; place < 4; place++) {
    const [down, right] = [place >> 1, place & 1];
    for (let y = 0; y < squaresDown; y++) {
      for (let x = 0; x < squaresAcross; x++) {
        const corner = (2 * y + down) * row + (2 * x + right) * channels;
        for (let image = 0; image < count; image++, to += padded) {
          copyPatch(target, to, images, image * height * row + corner, row, size, size * channels);
          for (let rest = to + whole; rest < to + padded; rest++) target[rest] = 0;
        }
      }
    }
  }
  return np.array(target, { shape });
}

function copyPatch(
  target: Float32Array,
  to: number,
  images: Float32Array,
  from: number,
  row: number,
  size: number,
  length: number,
): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < length; j++) target[to++] = images[from + i * row + j]!;
  }
}

function decodeImages(dataset: Dataset, rows: Uint32Array, distortions: Distortions | undefined): Float32Array {
  const size = dataset.height * dataset.width;
  if (pixels.length < rows.length * size) pixels = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    if (row >= dataset.count) {
      throw new RangeError(`gatherPatches: ${dataset.name} has ${dataset.count} rows, rows[${index}] is ${row}.`);
    }
    const image = dataset.images.subarray(row * size, (row + 1) * size);
    const [first, to] = [index * NUMBERS_A_DISTORTION, index * size];
    if (distortions) distortInto(pixels, to, image, dataset, distortions.subarray(first, first + NUMBERS_A_DISTORTION));
    else copyImage(to, image);
  });
  return pixels;
}

function copyImage(to: number, image: Uint8Array): void {
  for (let i = 0; i < image.length; i++) pixels[to + i] = image[i]! / 255;
}

function scratchPatches(length: number): Float32Array<ArrayBuffer> {
  if (patches.length < length) patches = new Float32Array(length);
  return patches.subarray(0, length);
}

function checkSquares({ name, height, width }: Dataset, size: number): void {
  const [down, across] = [height - size + 1, width - size + 1];
  if (Number.isInteger(size) && size > 0 && down > 0 && across > 0 && down % 2 === 0 && across % 2 === 0) return;
  throw new RangeError(
    `gatherPatches: a patch size that leaves an even number of places was expected, got ${size} for ${name} of ` +
      `${height} x ${width}.`,
  );
}
